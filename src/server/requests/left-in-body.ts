import { ManagerError } from "../../base/errors/errors.ts";

/** The reason that a request ends with when its caller left in the middle of it. */
export function leftInBody(cause?: unknown): ManagerError {
  return new ManagerError("cancelled", "the caller left in the middle of its request", {
    details: { reason: "CANCELLED", delivery: "not_sent" },
    cause,
  });
}
