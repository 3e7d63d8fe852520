import type { DescMessage } from "@bufbuild/protobuf";
import { maxCallerDepth, maxCallerValues } from "../../json/caller-json.ts";
import { isRemade, type OverfullPath, overfullField } from "./overfull-field.ts";
import { manyValues, maxOwnValues } from "./request-values.ts";
import { isWellKnown } from "./wire-layout.ts";

/**
 * How binary requests are read. Messages count as levels, too. Unknown fields are not kept: nobody reads them, and two
 * bytes of them take two hundred in memory.
 */
export const requestBinary = { recursionLimit: 2 * maxCallerDepth + 8, readUnknownFields: false };

/**
 * A value in a Struct takes at most four records: the entry, its name, the Value, and the value's kind. The rest is
 * room for other fields.
 */
const maxFields = 4 * maxCallerValues + 1000;
/** A spec with all that it may have takes 5000. */
const ownWeight = Math.floor(maxFields / maxOwnValues);

/** Most requests are smaller, and are not looked at. */
const tinyBytes = 1024;
/** A request of fewer bytes can't cost much, except when it repeats a Struct, which is decoded anew each time. */
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

/** The fields inside a Struct are not fields of ours. */
function nameOf(path: OverfullPath): string {
  const own = path.filter(({ parent }) => !isWellKnown(parent));
  return own.map(({ name }) => name).join(".") || "body";
}
