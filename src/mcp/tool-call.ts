import { type FieldViolation, invalidRequest } from "../errors.ts";
import { callerMeta } from "./caller-meta.ts";
import { type EraCodec, joinMembers } from "./era-codec.ts";
import type { TraceContext } from "./trace-context.ts";

/** One call of a tool. The JSON texts are proven objects (`checkedJsonObject`). */
export interface ToolCall {
  readonly tool: string;
  readonly argumentsJson?: string | undefined;
  readonly metaJson?: string | undefined;
  /** The trace that the call is a part of; what `metaJson` says of it counts instead. */
  readonly trace?: TraceContext | undefined;
  /** What the caller can do for the server; absent: nothing, and it does not know of input either. */
  readonly clientCapabilitiesJson?: string | undefined;
  /** The answers to what the server asked for when it was called like this before. */
  readonly inputResponsesJson?: string | undefined;
  /** What the server gave then, to have it back. */
  readonly requestState?: string | undefined;
}

/** Servers on the TypeScript SDK end their session at an inbound line of 10 MiB. */
const maxParamsBytes = 10 * 1024 * 1024 - 1024;

export interface ToolCallParamsOptions {
  readonly codec: EraCodec;
  /** Asks the server to report progress, by this token. */
  readonly progressToken?: number | undefined;
}

/**
 * The params of `tools/call` as JSON text. Throws `invalid` when they are larger than servers accept, and when they
 * hold answers for a server of an era that does not ask.
 */
export function toolCallParams(call: ToolCall, { codec, progressToken }: ToolCallParamsOptions): string {
  if (codec.era === "legacy") refuseAnswers(call);
  const { argumentsJson, inputResponsesJson, requestState, clientCapabilitiesJson } = call;
  const members = joinMembers(
    `"name":${JSON.stringify(call.tool)}`,
    argumentsJson === undefined ? "" : `"arguments":${argumentsJson}`,
    inputResponsesJson === undefined ? "" : `"inputResponses":${inputResponsesJson}`,
    requestState === undefined ? "" : `"requestState":${JSON.stringify(requestState)}`,
  );
  const token = progressToken === undefined ? "" : `"progressToken":${progressToken}`;
  const meta = joinMembers(token, callerMeta(call));
  const params = codec.params({ members, meta, clientCapabilitiesJson });
  if (Buffer.byteLength(params) > maxParamsBytes) {
    throw invalidRequest([{ field: "arguments", description: `must have at most ${maxParamsBytes} bytes as JSON` }]);
  }
  return params;
}

/** A server of the legacy era would ignore them, and do once more what it did before. */
function refuseAnswers({ inputResponsesJson, requestState }: ToolCall): void {
  const description = "must be unset: the server speaks the legacy era of MCP, and asks for no input";
  const violations: FieldViolation[] = [];
  if (inputResponsesJson !== undefined) violations.push({ field: "input_responses_json", description });
  if (requestState !== undefined) violations.push({ field: "request_state", description });
  if (violations.length > 0) throw invalidRequest(violations);
}
