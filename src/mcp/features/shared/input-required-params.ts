import { type FieldViolation, invalidRequest } from "../../../base/errors/errors.ts";
import { type CallerMeta, callerMeta } from "../../eras/caller-meta.ts";
import { type EraCodec, joinMembers } from "../../eras/era-codec.ts";
import { refuseLargeParams } from "../../protocol/params-limit.ts";

/** A request in whose course the server may ask its caller for input. The JSON texts are proven objects. */
export interface InputRequiredRequest extends CallerMeta {
  /** What the caller can do for the server; absent: nothing, and it does not know of input either. */
  readonly clientCapabilitiesJson?: string | undefined;
  /** The responses to what the server asked for when it was called like this before. */
  readonly inputResponsesJson?: string | undefined;
  /** What the server gave then, to have it back. */
  readonly requestState?: string | undefined;
}

export interface InputRequiredParamsOptions {
  readonly codec: EraCodec;
  /** Asks the server to report progress, by this token. */
  readonly progressToken?: number | undefined;
  /** Members of the params that are the request's own. */
  readonly members: string;
  /** The field of the request that may make these large. */
  readonly field: string;
}

/**
 * The params of such a request as JSON text. Throws `invalid` when they are larger than servers accept, and when they
 * have responses for a server of an era that does not ask.
 */
export function inputRequiredParams(request: InputRequiredRequest, options: InputRequiredParamsOptions): string {
  const { codec, progressToken, members, field } = options;
  if (codec.era === "legacy") refuseInputResponses(request);
  const { inputResponsesJson, requestState, clientCapabilitiesJson } = request;
  const all = joinMembers(
    members,
    inputResponsesJson === undefined ? "" : `"inputResponses":${inputResponsesJson}`,
    requestState === undefined ? "" : `"requestState":${JSON.stringify(requestState)}`,
  );
  const token = progressToken === undefined ? "" : `"progressToken":${progressToken}`;
  const meta = joinMembers(token, callerMeta(request));
  const params = codec.params({ members: all, meta, clientCapabilitiesJson });
  refuseLargeParams(params, {
    [field]: members,
    meta_json: request.metaJson,
    client_capabilities_json: clientCapabilitiesJson,
    input_responses_json: inputResponsesJson,
    request_state: requestState,
  });
  return params;
}

/** A server of the legacy era would ignore them, and do once more what it did before. */
function refuseInputResponses({ inputResponsesJson, requestState }: InputRequiredRequest): void {
  const description = "must be unset: the server speaks the legacy era of MCP, and asks for no input";
  const violations: FieldViolation[] = [];
  if (inputResponsesJson !== undefined) violations.push({ field: "input_responses_json", description });
  if (requestState !== undefined) violations.push({ field: "request_state", description });
  if (violations.length > 0) throw invalidRequest(violations);
}
