import { ResultKind } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import type { InputRequiredRest, InputRequiredResult } from "../../mcp/features/shared/input-required-result.ts";

const kinds = {
  complete: ResultKind.COMPLETE,
  input_required: ResultKind.INPUT_REQUIRED,
} satisfies Record<InputRequiredResult["kind"], ResultKind>;

/** The fields that every result has which is given as the server wrote it. */
export function jsonResultToProto(result: InputRequiredResult) {
  return { resultKind: kinds[result.kind], resultJson: result.json };
}

/** The fields that every typed result has besides its own parts. */
export function inputRequiredToProto(
  { kind, requestState }: InputRequiredResult,
  { extraJson, inputRequestsJson }: InputRequiredRest,
) {
  const state = requestState === undefined ? {} : { requestState };
  return { resultKind: kinds[kind], extraJson, inputRequestsJson, ...state };
}
