import { type FieldViolation, invalidRequest } from "../errors.ts";
import { type CallerMeta, callerMeta } from "./caller-meta.ts";
import { type EraCodec, joinMembers } from "./era-codec.ts";

/** A request in whose course the server may ask its caller for input. The JSON texts are proven objects. */
export interface AskedRequest extends CallerMeta {
  /** What the caller can do for the server; absent: nothing, and it does not know of input either. */
  readonly clientCapabilitiesJson?: string | undefined;
  /** The answers to what the server asked for when it was called like this before. */
  readonly inputResponsesJson?: string | undefined;
  /** What the server gave then, to have it back. */
  readonly requestState?: string | undefined;
}

export interface AskedParamsOptions {
  readonly codec: EraCodec;
  /** Asks the server to report progress, by this token. */
  readonly progressToken?: number | undefined;
  /** Members of the params that are the request's own. */
  readonly members: string;
  /** The field of the request that may make these large. */
  readonly field: string;
}

/** Servers on the TypeScript SDK end their session at an inbound line of 10 MiB. */
const maxParamsBytes = 10 * 1024 * 1024 - 1024;

/**
 * The params of such a request as JSON text. Throws `invalid` when they are larger than servers accept, and when they
 * hold answers for a server of an era that does not ask.
 */
export function askedParams(request: AskedRequest, options: AskedParamsOptions): string {
  const { codec, progressToken, members, field } = options;
  if (codec.era === "legacy") refuseAnswers(request);
  const { inputResponsesJson, requestState, clientCapabilitiesJson } = request;
  const all = joinMembers(
    members,
    inputResponsesJson === undefined ? "" : `"inputResponses":${inputResponsesJson}`,
    requestState === undefined ? "" : `"requestState":${JSON.stringify(requestState)}`,
  );
  const token = progressToken === undefined ? "" : `"progressToken":${progressToken}`;
  const meta = joinMembers(token, callerMeta(request));
  const params = codec.params({ members: all, meta, clientCapabilitiesJson });
  if (Buffer.byteLength(params) > maxParamsBytes) {
    const description = `is too large: what a call sends may have at most ${maxParamsBytes} bytes as JSON`;
    throw invalidRequest([{ field: largestOf(request, { [field]: members }), description }]);
  }
  return params;
}

function largestOf(request: AskedRequest, own: Record<string, string>): string {
  const texts = {
    ...own,
    meta_json: request.metaJson,
    client_capabilities_json: request.clientCapabilitiesJson,
    input_responses_json: request.inputResponsesJson,
    request_state: request.requestState,
  };
  const [[field] = [""]] = Object.entries(texts).sort(([, a = ""], [, b = ""]) => b.length - a.length);
  return field;
}

/** A server of the legacy era would ignore them, and do once more what it did before. */
function refuseAnswers({ inputResponsesJson, requestState }: AskedRequest): void {
  const description = "must be unset: the server speaks the legacy era of MCP, and asks for no input";
  const violations: FieldViolation[] = [];
  if (inputResponsesJson !== undefined) violations.push({ field: "input_responses_json", description });
  if (requestState !== undefined) violations.push({ field: "request_state", description });
  if (violations.length > 0) throw invalidRequest(violations);
}
