import { ManagerError } from "../errors.ts";
import type { Connection, RequestOptions } from "../jsonrpc/connection.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import { eachElement } from "../jsonrpc/json-members.ts";
import { JsonSyntaxError } from "../jsonrpc/json-scan.ts";
import type { EraCodec } from "./era-codec.ts";
import { rpcFailure } from "./rpc-failure.ts";
import { readTool, type Tool } from "./tool.ts";

/** A server that always gives a next page must not keep a call going for ever. */
const maxPages = 200;
/** Nor may its pages together fill the memory. */
const maxListingChars = 64 * 1024 * 1024;
const maxTools = 10_000;
/** Values of one page, those inside schemas included. */
const maxPageValues = 500_000;

/** A server's tools, and how many characters they are. */
export interface Listing {
  readonly tools: readonly Tool[];
  readonly chars: number;
}

/**
 * All tools of a server, page by page. Entries without a name are left out. Throws `protocol` for a malformed page and
 * for a listing of more than 200 pages or 10,000 tools.
 */
export async function listTools(
  connection: Connection,
  options: RequestOptions & { readonly codec: EraCodec },
): Promise<Listing> {
  const { codec, ...request } = options;
  const tools: Tool[] = [];
  let members = "";
  let chars = 0;
  for (let page = 0; page < maxPages; page += 1) {
    const reply = await connection.request("tools/list", codec.params({ members }), request);
    if ("error" in reply) throw rpcFailure(reply.error, "tools/list");
    chars += reply.result.length;
    if (chars > maxListingChars)
      throw malformed(`the server's tool listing is larger than ${maxListingChars} characters`);
    const fields = JsonFields.of(reply.result);
    const list = fields?.raw("tools");
    if (fields === undefined || !list?.startsWith("["))
      throw malformed("the server's tool listing has no array of tools");
    for (const tool of readPage(list)) tools.push(tool);
    if (tools.length > maxTools) throw malformed(`the server lists more than ${maxTools} tools`);
    // An empty string is a valid cursor (MCP pagination).
    const cursor = fields.string("nextCursor");
    if (cursor === undefined) return { tools, chars };
    members = `"cursor":${JSON.stringify(cursor)}`;
  }
  throw malformed(`the server's tool listing does not end after ${maxPages} pages`);
}

function readPage(list: string): Tool[] {
  const tools: Tool[] = [];
  try {
    for (const entry of eachElement(list, { maxValues: maxPageValues })) {
      const tool = readTool(entry);
      if (tool !== undefined) tools.push(tool);
    }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    // The text was proven before.
    throw malformed(`a page of the server's tool listing has more than ${maxPageValues} values`);
  }
  return tools;
}

function malformed(message: string): ManagerError {
  return new ManagerError("protocol", message, { details: { reason: "MALFORMED_RESULT", delivery: "answered" } });
}
