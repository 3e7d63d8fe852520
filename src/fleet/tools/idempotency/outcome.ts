import { type ErrorDetails, type ErrorKind, ManagerError } from "../../../base/errors/errors.ts";
import { detached } from "../../../base/text/detached.ts";
import type { ToolResult } from "../../../mcp/features/tools/tool-result.ts";
import { callAbandoned } from "./key-error.ts";

/** A tool's result and the instance that gave it. */
export interface CallResult {
  readonly result: ToolResult;
  readonly instance: string;
}

/** What is remembered of a call: no stack, no line, nothing that keeps more in memory than itself. */
export type Outcome =
  | { readonly kind: "result"; readonly result: CallResult }
  | { readonly kind: "error"; readonly error: ErrorKind; readonly message: string; readonly details: ErrorDetails };

/** What an outcome costs besides its texts. */
const overheadBytes = 1024;

export function outcomeOfResult({ result, instance }: CallResult): Outcome {
  const { requestState } = result;
  return {
    kind: "result",
    result: {
      result: {
        ...result,
        json: detached(result.json),
        ...(requestState === undefined ? {} : { requestState: detached(requestState) }),
      },
      instance,
    },
  };
}

/** Undefined: the call was not sent, and there is nothing to remember. */
export function outcomeOfError(error: ManagerError): Outcome | undefined {
  if (error.details.delivery === "not_sent") return undefined;
  // The deadline or cancel was that of a caller who is gone.
  const ended = error.kind === "deadline" || error.kind === "cancelled" ? abandoned(error) : error;
  return { kind: "error", error: ended.kind, message: detached(ended.message), details: ended.details };
}

function abandoned({ details: { server, instance } }: ManagerError): ManagerError {
  return callAbandoned().with({
    ...(server === undefined ? {} : { server }),
    ...(instance === undefined ? {} : { instance }),
  });
}

/** Gives the outcome once more: the result, or the error thrown. */
export function replay(outcome: Outcome): CallResult {
  if (outcome.kind === "result") return outcome.result;
  const { error, message, details } = outcome;
  throw new ManagerError(error, message, { details });
}

/** Memory that it takes, at most. */
export function outcomeBytes(outcome: Outcome): number {
  const texts =
    outcome.kind === "result"
      ? [outcome.result.result.json, outcome.result.result.requestState]
      : [outcome.message, outcome.details.stderrTail, outcome.details.rpcData];
  return texts.reduce((sum, text) => sum + (text === undefined ? 0 : textBytes(text)), overheadBytes);
}

/** ASCII takes one byte a character, other text two at most. */
function textBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length;
}
