import { type FieldViolation, invalidRequest } from "../errors.ts";
import { type JsonMember, objectMembers } from "../jsonrpc/json-members.ts";
import { JsonSyntaxError } from "../jsonrpc/json-scan.ts";
import { type EraCodec, joinMembers } from "./era-codec.ts";

/** One call of a tool. The JSON texts are proven objects (`checkedJsonObject`). */
export interface ToolCall {
  readonly tool: string;
  readonly argumentsJson?: string | undefined;
  readonly metaJson?: string | undefined;
  /** What the caller can do for the server; absent: nothing, and it does not know of input either. */
  readonly clientCapabilitiesJson?: string | undefined;
  /** The answers to what the server asked for when it was called like this before. */
  readonly inputResponsesJson?: string | undefined;
  /** What the server gave then, to have it back. */
  readonly requestState?: string | undefined;
}

/** Servers on the TypeScript SDK end their session at an inbound line of 10 MiB. */
const maxParamsBytes = 10 * 1024 * 1024 - 1024;

/**
 * The params of `tools/call` as JSON text. Throws `invalid` when they are larger than servers accept, and when they
 * hold answers for a server of an era that does not ask.
 */
export function toolCallParams(call: ToolCall, codec: EraCodec): string {
  if (codec.era === "legacy") refuseAnswers(call);
  const { argumentsJson, inputResponsesJson, requestState, clientCapabilitiesJson } = call;
  const members = joinMembers(
    `"name":${JSON.stringify(call.tool)}`,
    argumentsJson === undefined ? "" : `"arguments":${argumentsJson}`,
    inputResponsesJson === undefined ? "" : `"inputResponses":${inputResponsesJson}`,
    requestState === undefined ? "" : `"requestState":${JSON.stringify(requestState)}`,
  );
  const meta = call.metaJson === undefined ? "" : ownedByCaller(call.metaJson);
  const params = codec.params({ members, meta, clientCapabilitiesJson });
  if (Buffer.byteLength(params) > maxParamsBytes) {
    const description = `is too large: what a call sends may have at most ${maxParamsBytes} bytes as JSON`;
    throw invalidRequest([{ field: largestField(call), description }]);
  }
  return params;
}

function largestField(call: ToolCall): string {
  const texts = {
    tool: call.tool,
    arguments: call.argumentsJson,
    meta_json: call.metaJson,
    client_capabilities_json: call.clientCapabilitiesJson,
    input_responses_json: call.inputResponsesJson,
    request_state: call.requestState,
  };
  const [[field] = ["arguments"]] = Object.entries(texts).sort(([, a = ""], [, b = ""]) => b.length - a.length);
  return field;
}

/** A server of the legacy era would ignore them, and do once more what it did before. */
function refuseAnswers({ inputResponsesJson, requestState }: ToolCall): void {
  const description = "must be unset: the server speaks the legacy era of MCP, and asks for no input";
  const violations: FieldViolation[] = [];
  if (inputResponsesJson !== undefined) violations.push({ field: "input_responses_json", description });
  if (requestState !== undefined) violations.push({ field: "request_state", description });
  if (violations.length > 0) throw invalidRequest(violations);
}

/** The caller's `_meta` without the keys that are the manager's: progress tokens are request ids of the attachment. */
function ownedByCaller(metaJson: string): string {
  return metaMembers(metaJson)
    .filter(({ name }) => name !== "progressToken" && !name.startsWith("io.modelcontextprotocol/"))
    .map(({ name, value }) => `${JSON.stringify(name)}:${value}`)
    .join(",");
}

function metaMembers(metaJson: string): JsonMember[] {
  try {
    return objectMembers(metaJson);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw invalidRequest([{ field: "meta_json", description: `must be a JSON object: ${error.message}` }]);
  }
}
