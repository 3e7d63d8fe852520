import { nearestKey } from "./nearest-key.ts";
import { fieldPath, Origin } from "./origin.ts";
import type { Reading } from "./reading.ts";
import { type Field, namesOf, type ObjectShape } from "./shape.ts";
import type { Entry, MapTree } from "./yaml/tree.ts";

/** Those with a key that the shape has; all others are told. */
export function* knownEntries(
  tree: MapTree,
  to: { readonly shape: Pick<ObjectShape, "fields">; readonly origin: Origin; readonly reading: Reading },
): Generator<[string, Entry]> {
  const { shape, origin, reading } = to;
  for (const [name, entry] of tree.entries) {
    if (shape.fields.has(name)) yield [name, entry];
    else if (!name.startsWith("x-")) {
      const known = [...shape.fields.keys(), ...nestedKeys(shape)];
      reading.problems.add(entry.key, {
        field: fieldPath(origin.field, name),
        rule: "is not a known key",
        nearest: () => nearestKey(name, known),
      });
    }
  }
}

/** `limits.memory`, for who writes `memory` one level too high. */
function nestedKeys({ fields }: Pick<ObjectShape, "fields">): string[] {
  return [...fields].flatMap(([name, { shape }]) =>
    shape.kind === "object" ? namesOf(shape).map((inner) => `${name}.${inner}`) : [],
  );
}

/** `memory` and `memory_bytes` are one field. Of two files the later one counts, whichever it writes. */
export function isDoubled(
  { name, entry, field }: { readonly name: string; readonly entry: Entry; readonly field: Field },
  { tree, to }: { readonly tree: MapTree; readonly to: { readonly origin: Origin; readonly reading: Reading } },
): boolean {
  const other = field.names.find((one) => one !== name && tree.entries.has(one));
  const rival = other === undefined ? undefined : tree.entries.get(other);
  if (rival === undefined) return false;
  const names = [...tree.entries.keys()];
  const isLater = names.indexOf(name) > names.indexOf(other ?? "");
  if (rival.key.source !== entry.key.source) return !isLater;
  if (isLater) {
    const rule = `says the same as ${other}: take one of them out`;
    to.reading.problems.add(entry.key, { field: fieldPath(to.origin.field, name), rule });
  }
  return isLater;
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
