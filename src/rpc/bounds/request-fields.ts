import type { DescMessage } from "@bufbuild/protobuf";
import { maxCallerDepth, maxCallerValues } from "../../json/caller-json.ts";
import { isRemade, type OverfullPath, overfullField } from "./overfull-field.ts";
import { manyValues, maxOwnValues } from "./request-values.ts";
import { isWellKnown } from "./wire-layout.ts";

/**
 * How binary requests are read. Messages count as levels, too. What a message does not know is not kept: nobody looks
 * at it, and two bytes of it become two hundred.
 */
export const requestBinary = { recursionLimit: 2 * maxCallerDepth + 8, readUnknownFields: false };

/**
 * A value in a Struct takes four records at most: the entry, its name, its value, and what that is. The rest is room
 * for others.
 */
const maxFields = 4 * maxCallerValues + 1000;
/** A spec with all that it may have takes 5000. */
const ownWeight = Math.floor(maxFields / maxOwnValues);

/** Most requests, which are not worth a look. */
const tinyBytes = 1024;
/** So few bytes can't cost much, whatever they hold, but for a Struct that is made anew each time it comes. */
const smallBytes = 64 * 1024;

const bound = { maxFields, ownWeight, maxDepth: requestBinary.recursionLimit };

/**
 * Refuses a binary message of so many values before anything is made of them: eight million, within the limit of bytes,
 * would keep every other caller waiting for seconds. Throws `invalid`, naming the field.
 */
export function refuseManyFields(desc: DescMessage, bytes: Uint8Array): void {
  if (bytes.length <= tinyBytes || (bytes.length <= smallBytes && !isRemade(desc, bytes))) return;
  const path = overfullField(desc, bytes, bound);
  if (path !== undefined) throw manyValues(nameOf(path));
}

/** What a Struct has inside is no field of ours. */
function nameOf(path: OverfullPath): string {
  const own = path.filter(({ parent }) => !isWellKnown(parent));
  return own.map(({ name }) => name).join(".") || "body";
}
