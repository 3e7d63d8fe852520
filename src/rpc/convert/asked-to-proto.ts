import { ResultKind } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import type { AskedRest, AskedResult } from "../../mcp/features/shared/asked-result.ts";

const kinds = {
  complete: ResultKind.COMPLETE,
  input_required: ResultKind.INPUT_REQUIRED,
} satisfies Record<AskedResult["kind"], ResultKind>;

/** The fields that every result has which is given as the server wrote it. */
export function jsonResultToProto(result: AskedResult) {
  return { resultKind: kinds[result.kind], resultJson: result.json };
}

/** The fields that every typed result has besides its own parts. */
export function askedToProto({ kind, requestState }: AskedResult, { extraJson, inputRequestsJson }: AskedRest) {
  const state = requestState === undefined ? {} : { requestState };
  return { resultKind: kinds[kind], extraJson, inputRequestsJson, ...state };
}
