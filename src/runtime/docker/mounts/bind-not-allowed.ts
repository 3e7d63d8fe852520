import { type FieldViolation, ManagerError } from "../../../base/errors/errors.ts";

/** What a bind mount must not be, or who must not have it. */
export function bindNotAllowed(violation: FieldViolation): ManagerError {
  return new ManagerError("denied", `${violation.field}: ${violation.description}`, {
    details: { reason: "BIND_NOT_ALLOWED", delivery: "not_sent", violations: [violation] },
  });
}
