import { ManagerError } from "../../base/errors/errors.ts";

/** The reason of a request whose end never came. */
export function leftInBody(cause?: unknown): ManagerError {
  return new ManagerError("cancelled", "the caller left in the middle of its request", {
    details: { reason: "CANCELLED", delivery: "not_sent" },
    cause,
  });
}
