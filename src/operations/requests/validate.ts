import type { z } from "zod";
import { type FieldViolation, invalidRequest } from "../../base/errors/errors.ts";
import { fieldPath } from "../../base/spec/field-path.ts";

/**
 * Checks a value against its schema. Throws `invalid` with one violation a field, for the first rule that it breaks:
 * the others often say the same once more. Paths are in the proto's spelling.
 */
export function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const violations = new Map<string, FieldViolation>();
  for (const violation of result.error.issues.flatMap(issueViolations)) {
    if (!violations.has(violation.field)) violations.set(violation.field, violation);
  }
  throw invalidRequest([...violations.values()]);
}

function issueViolations(issue: z.core.$ZodIssue): FieldViolation[] {
  // A broken map key: the rule that it breaks is one level down.
  if (issue.code === "invalid_key") {
    return issue.issues.map((inner) => ({ field: fieldPath(issue.path), description: inner.message }));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: fieldPath([...issue.path, key]), description: "is not a known field" }));
  }
  return [{ field: fieldPath(issue.path), description: issue.message }];
}
