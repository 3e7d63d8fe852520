import type { ErrorReason } from "../../../base/errors/error-reason.ts";
import { ManagerError } from "../../../base/errors/errors.ts";

/** What was asked for, and where those that there are can be seen. */
export interface Missing {
  readonly noun: string;
  readonly name: string;
  readonly seen: string;
  readonly reason: ErrorReason;
}

/** The error of a request about something that the server refuses and does not list. */
export function notListed({ noun, name, seen, reason }: Missing, cause: ManagerError | undefined): ManagerError {
  return new ManagerError("not_found", `the server has no ${noun} ${JSON.stringify(name)}; ${seen} those it has`, {
    details: { ...cause?.details, reason, delivery: "answered" },
    cause,
  });
}

const absence =
  /unknown|unrecogni[sz]ed|undefined|unsupported|invalid|unavailable|no such|(?:not|n't|n’t) (?:be )?(?:a |an )?(?:\w+ )?(?:found|exist|registered|available|supported|implemented|known|defined)|MCP error -32602/i;

/** Whether a server's words may say that it has not what it was asked for. */
export function saysAbsent(words: string): boolean {
  return absence.test(words);
}
