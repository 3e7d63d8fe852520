import { invalidRequest } from "../errors.ts";
import { type JsonMember, objectMembers } from "../jsonrpc/json-members.ts";
import { JsonSyntaxError } from "../jsonrpc/json-scan.ts";

/** One call of a tool. The JSON texts are proven objects (`checkedJsonObject`). */
export interface ToolCall {
  readonly tool: string;
  readonly argumentsJson?: string | undefined;
  readonly metaJson?: string | undefined;
}

/** Servers on the TypeScript SDK end their session at an inbound line of 10 MiB. */
const maxParamsBytes = 10 * 1024 * 1024 - 1024;

/** The params of `tools/call` as JSON text. Throws `invalid` when they are larger than servers accept. */
export function toolCallParams(call: ToolCall): string {
  const args = call.argumentsJson === undefined ? "" : `,"arguments":${call.argumentsJson}`;
  const meta = call.metaJson === undefined ? "" : `,"_meta":${ownedByCaller(call.metaJson)}`;
  const params = `{"name":${JSON.stringify(call.tool)}${args}${meta}}`;
  if (Buffer.byteLength(params) > maxParamsBytes) {
    throw invalidRequest([{ field: "arguments", description: `must have at most ${maxParamsBytes} bytes as JSON` }]);
  }
  return params;
}

/** The caller's `_meta` without the keys that are the manager's: progress tokens are request ids of the attachment. */
function ownedByCaller(metaJson: string): string {
  const members = metaMembers(metaJson)
    .filter(({ name }) => name !== "progressToken" && !name.startsWith("io.modelcontextprotocol/"))
    .map(({ name, value }) => `${JSON.stringify(name)}:${value}`);
  return `{${members.join(",")}}`;
}

function metaMembers(metaJson: string): JsonMember[] {
  try {
    return objectMembers(metaJson);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw invalidRequest([{ field: "meta_json", description: `must be a JSON object: ${error.message}` }]);
  }
}
