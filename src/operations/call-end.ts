import { ManagerError } from "../errors.ts";

/** The reason of a wait whose caller set the deadline. */
export function callerDeadlinePassed(): ManagerError {
  return new ManagerError("deadline", "the caller's deadline passed", { details: { reason: "DEADLINE_EXCEEDED" } });
}

/** The reason of a wait whose caller does not wait any more. */
export function callerLeft(cause?: unknown): ManagerError {
  return new ManagerError("cancelled", "the caller left", { details: { reason: "CANCELLED" }, cause });
}
