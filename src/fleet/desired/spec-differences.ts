import { isDeepStrictEqual } from "node:util";
import { fieldPath } from "../../base/spec/field-path.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";

/**
 * The fields in which two specs differ, as paths in the proto's spelling: `image`, `limits.memory_bytes`, `env["A"]`. A
 * list counts as one field. Names only: a value may be a secret.
 */
export function specDifferences(a: ServerSpec, b: ServerSpec): string[] {
  return differences(a, b, []);
}

function differences(a: unknown, b: unknown, path: readonly string[]): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  const [left, right] = [asObject(a), asObject(b)];
  if (left === undefined || right === undefined) return [fieldPath(path)];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  const inside = [...keys].sort().flatMap((key) => differences(left[key], right[key], [...path, key]));
  // An empty object instead of none is another wish, too.
  return inside.length === 0 ? [fieldPath(path)] : inside;
}

/** An absent object is one without fields, so that its fields are named. */
function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined) return {};
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
