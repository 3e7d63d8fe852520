import { nearestKey } from "./nearest-key.ts";
import { Origin } from "./origin.ts";
import type { Reading } from "./reading.ts";
import { listed } from "./scalars.ts";
import { type Field, namesOf, type ObjectShape } from "./shape.ts";
import { fieldPath } from "./yaml/problem.ts";
import type { Entry, MapTree } from "./yaml/tree.ts";

/** The entries with known keys; all others are told, but for those that begin with `x-`. */
export function* knownEntries(
  tree: MapTree,
  to: { readonly keys: readonly string[]; readonly origin: Origin; readonly reading: Reading },
): Generator<[string, Entry]> {
  const { keys, origin, reading } = to;
  for (const [name, entry] of tree.entries) {
    if (keys.includes(name)) yield [name, entry];
    else if (!name.startsWith("x-")) {
      reading.problems.add(entry.key, {
        field: fieldPath(origin.field, name),
        rule: unknownKey(keys) + spaceHint(name),
        nearest: () => nearestKey(name, keys),
      });
    }
  }
}

const maxListed = 8;

export function unknownKey(keys: readonly string[]): string {
  return keys.length > maxListed ? "is not a known key" : `is not a known key: ${listed(keys, "and")} are`;
}

/** Of `image:x` YAML makes one word. */
export function spaceHint(text: string): string {
  return /^[\w-]+:\S/.test(text) ? " (is a space missing after a colon?)" : "";
}

/** With those of parts, `limits.memory`, for who writes `memory` one level too high. */
export function keysOf({ fields }: ObjectShape): string[] {
  const nested = [...fields].flatMap(([name, { shape }]) =>
    shape.kind === "object" ? namesOf(shape).map((inner) => `${name}.${inner}`) : [],
  );
  return [...fields.keys(), ...nested];
}

/**
 * `memory` and `memory_bytes` are one field. One that the mapping has itself goes over one that a merge key or an earlier
 * file brought in, whichever of the two it writes.
 */
export function isDoubled(
  { name, entry, field }: { readonly name: string; readonly entry: Entry; readonly field: Field },
  { tree, to }: { readonly tree: MapTree; readonly to: { readonly origin: Origin; readonly reading: Reading } },
): boolean {
  const other = field.names.find((one) => one !== name && tree.entries.has(one));
  const rival = other === undefined ? undefined : tree.entries.get(other);
  if (rival === undefined) return false;
  const isOwn = standsIn(tree, entry);
  if (isOwn !== standsIn(tree, rival)) return !isOwn;
  const names = [...tree.entries.keys()];
  const isLater = names.indexOf(name) > names.indexOf(other ?? "");
  if (rival.key.source !== entry.key.source) return !isLater;
  if (isLater) {
    const rule = `says the same as ${other}: take one of them out`;
    to.reading.problems.add(entry.key, { field: fieldPath(to.origin.field, name), rule });
  }
  return isLater;
}

function standsIn({ span }: MapTree, { key }: Entry): boolean {
  return key.source === span.source && key.start >= span.start && key.start < span.end;
}

export function needed(
  key: string,
  { shape, origin, reading }: { readonly shape: ObjectShape; readonly origin: Origin; readonly reading: Reading },
): void {
  const [name, field] = [...shape.fields].find(([, one]) => one.key === key) ?? [key];
  const words = field?.shape.kind === "words" ? `: ${field.shape.words.join(", ")}` : "";
  const missing = origin.children.get(key) ?? new Origin(origin.key, { field: fieldPath(origin.field, name) });
  origin.children.set(key, missing);
  missing.broken();
  reading.problems.add(missing.span, { field: missing.field, rule: `must be set${words}` });
}
