import type { z } from "zod";
import type { ServerSpec } from "./spec.ts";
import { serverSpecSchema } from "./spec-schema.ts";

/** What says that this version can't read a spec: another kind of value, a word or a field that it does not know. */
const unreadable: ReadonlySet<string> = new Set([
  "invalid_type",
  "invalid_value",
  "invalid_union",
  "unrecognized_keys",
]);

/**
 * A spec that was accepted once, as it was kept. A rule that is tighter now (a bound, a pattern) is one for new specs
 * only: the server runs, and must not be lost to its manager's update. Throws, naming `place`, for what this version
 * can't read: it would run as something else than what was asked for.
 */
export function storedSpec(value: unknown, place: string): ServerSpec {
  const { error } = serverSpecSchema.safeParse(value);
  const problem = error?.issues.find(isUnreadable);
  if (problem !== undefined) {
    throw new Error(`${place} is not a spec: ${[...problem.path, problem.message].join(": ")}`);
  }
  // The schema changes no value.
  return value as ServerSpec;
}

function isUnreadable({ code }: z.core.$ZodIssue): boolean {
  return unreadable.has(code);
}
