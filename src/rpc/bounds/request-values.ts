import { invalidRequest, type ManagerError } from "../../base/errors/errors.ts";
import { maxCallerValues } from "../../json/caller-json.ts";
import { hasMoreValues } from "../../json/count-values.ts";

/** Room for the rest of a request besides a structure. */
const maxRequestValues = maxCallerValues + 1000;

/**
 * Refuses JSON of so many values before it is parsed: a million of them, within the limit of bytes, would keep every
 * other caller waiting for seconds. Throws `invalid`.
 */
export function refuseManyValues(json: readonly Uint8Array[]): void {
  if (hasMoreValues(json, maxRequestValues)) throw manyValues("body");
}

/** Most values that a request may have besides a structure, far above what any can use. */
export const maxOwnValues = 10_000;

const tooManyValues = [
  `has too many values: a request may have ${maxCallerValues} in its arguments and ${maxOwnValues} besides;`,
  "arguments_json may have more",
].join(" ");

/** The error of a request of too many values, in JSON or binary. */
export function manyValues(field: string): ManagerError {
  return invalidRequest([{ field, description: tooManyValues }]);
}
