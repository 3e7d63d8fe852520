import { ManagerError } from "../base/errors/errors.ts";

/**
 * The reason of a wait whose caller set the deadline. Code that ends by it and knows how far the call came replaces
 * `sent`.
 */
export function callerDeadlinePassed(): ManagerError {
  return new ManagerError("deadline", "the caller's deadline passed", {
    details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
  });
}

/** The reason of a wait whose caller does not wait any more. `sent` as above. */
export function callerLeft(cause?: unknown): ManagerError {
  return new ManagerError("cancelled", "the caller left", {
    details: { reason: "CANCELLED", delivery: "sent" },
    cause,
  });
}
