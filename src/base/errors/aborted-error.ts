import { ManagerError } from "./errors.ts";

/**
 * Why a wait ended before its work did, from the reason of its signal: the reason itself when it is one of ours, else a
 * deadline that passed or a caller who left. `waitedFor` ends the sentence "cancelled while waiting for …".
 */
export function abortedError(reason: unknown, waitedFor: string): ManagerError {
  if (reason instanceof ManagerError) return reason;
  return reason instanceof Error && reason.name === "TimeoutError"
    ? new ManagerError("deadline", `the deadline passed while waiting for ${waitedFor}`, {
        details: { reason: "DEADLINE_EXCEEDED", delivery: "not_sent" },
        cause: reason,
      })
    : new ManagerError("cancelled", `cancelled while waiting for ${waitedFor}`, {
        details: { reason: "CANCELLED", delivery: "not_sent" },
        cause: reason,
      });
}
