import { isDeepStrictEqual } from "node:util";
import type { ServerSpec } from "./spec.ts";

/**
 * Whether two specs wish for the same: every field that the user gave is equal, env values included. Defaults are not
 * filled in, so that a new default or a moved tag is no difference.
 */
export function sameSpec(a: ServerSpec, b: ServerSpec): boolean {
  return isDeepStrictEqual(a, b);
}
