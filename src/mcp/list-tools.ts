import { ManagerError } from "../errors.ts";
import type { Connection } from "../jsonrpc/connection.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import { arrayElements } from "../jsonrpc/json-members.ts";
import { rpcFailure } from "./rpc-failure.ts";
import { readTool, type Tool } from "./tool.ts";

/** A server that always gives a next page must not keep a call going for ever. */
const maxPages = 200;
/** Nor may its pages together fill the memory. */
const maxListingChars = 64 * 1024 * 1024;

/**
 * All tools of a server, page by page. Entries without a name are left out. Throws `protocol` for a malformed page or
 * more than 200 pages.
 */
export async function listTools(
  connection: Connection,
  options: { signal?: AbortSignal | undefined },
): Promise<Tool[]> {
  const tools: Tool[] = [];
  let params = "{}";
  let chars = 0;
  for (let page = 0; page < maxPages; page += 1) {
    const reply = await connection.request("tools/list", params, options);
    if ("error" in reply) throw rpcFailure(reply.error, "tools/list");
    chars += reply.result.length;
    if (chars > maxListingChars)
      throw malformed(`the server's tool listing is larger than ${maxListingChars} characters`);
    const fields = JsonFields.of(reply.result);
    const list = fields?.raw("tools");
    if (fields === undefined || !list?.startsWith("["))
      throw malformed("the server's tool listing has no array of tools");
    for (const entry of arrayElements(list)) {
      const tool = readTool(entry);
      if (tool !== undefined) tools.push(tool);
    }
    // An empty string is a valid cursor (MCP pagination).
    const cursor = fields.string("nextCursor");
    if (cursor === undefined) return tools;
    params = `{"cursor":${JSON.stringify(cursor)}}`;
  }
  throw malformed(`the server's tool listing does not end after ${maxPages} pages`);
}

function malformed(message: string): ManagerError {
  return new ManagerError("protocol", message, { details: { reason: "MALFORMED_RESULT", delivery: "answered" } });
}
