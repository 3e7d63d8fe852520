import { type FieldViolation, ManagerError } from "../../../base/errors/errors.ts";

/** The error of a bind mount that is not allowed, or not for this server. */
export function bindNotAllowed(violation: FieldViolation): ManagerError {
  return new ManagerError("denied", `${violation.field}: ${violation.description}`, {
    details: { reason: "BIND_NOT_ALLOWED", delivery: "not_sent", violations: [violation] },
  });
}
