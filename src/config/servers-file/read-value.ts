import { readMountText } from "./mount-text.ts";
import { nearestKey } from "./nearest-key.ts";
import { isDoubled, keysOf, knownEntries, needed, spaceHint, unknownKey } from "./object-keys.ts";
import { Origin } from "./origin.ts";
import { readScalar } from "./read-scalar.ts";
import { type At, fail, type Reading, readText } from "./reading.ts";
import { listed, readWord } from "./scalars.ts";
import { namesOf, type ObjectShape, type Shape, type WordsShape } from "./shape.ts";
import { fieldPath } from "./yaml/problem.ts";
import { kindText, type MapTree, type Tree } from "./yaml/tree.ts";

/**
 * The value of a part of the file as its shape says, in the domain's spelling, not yet checked. What says nothing (an
 * empty list, an empty text of an optional field) is undefined, as it is for requests. So is what is broken: the
 * origin, which is filled with the origins of all parts, tells.
 */
export function readValue(
  tree: Tree,
  to: { readonly shape: Shape; readonly origin: Origin; readonly reading: Reading },
): unknown {
  const { shape, origin, reading } = to;
  if (tree.kind === "broken") return origin.broken();
  if (tree.kind === "text" && tree.isNull) return fail(to, "has no value: give it one, or take the key out");
  switch (shape.kind) {
    case "object":
      if (tree.kind === "map") return readObject(tree, { shape, origin, reading });
      return fail(to, `must be a mapping of ${exampleKeys(shape)}, ${notMapping(tree)}`, () =>
        meantMapping(tree, shape),
      );
    case "names":
      if (tree.kind === "map") return readNames(tree, { value: shape.value, origin, reading });
      return fail(to, `must be a mapping of names to values, ${notMapping(tree)}`);
    case "list":
      if (tree.kind !== "list") return fail(to, `must be a list, such as [one, two], not ${kindText(tree)}`);
      return readList(tree.items, { item: shape.item, origin, reading });
    case "mount":
      return readMount(tree, { object: shape.object, origin, reading });
    case "network":
      return readNetwork(tree, { words: shape.words, origin, reading });
    default:
      if (tree.kind !== "text") return fail(to, `must be ${wordOf[shape.kind]}, not ${kindText(tree)}`);
      return readScalar(tree, { shape, origin, reading });
  }
}

const wordOf = {
  text: "text",
  number: "a number",
  boolean: "true or false",
  duration: "a duration such as 10m",
  size: "a size such as 256MiB",
  words: "a word",
} as const;

const maxExamples = 8;

function exampleKeys(shape: ObjectShape): string {
  const names = namesOf(shape);
  return names.length > maxExamples ? `keys such as ${names.slice(0, 3).join(", ")}` : listed(names, "and");
}

/** `restart: always` means `{policy: always}`. */
function meantMapping(tree: Tree, shape: ObjectShape): string | undefined {
  if (tree.kind !== "text") return undefined;
  const text = tree.text.replaceAll("-", "_");
  for (const [name, { shape: inner }] of shape.fields) {
    const word = inner.kind === "words" ? readWord(text, inner) : undefined;
    if (word !== undefined) return `{${name}: ${word}}`;
  }
  return undefined;
}

function notMapping(tree: Tree): string {
  return `not ${kindText(tree)}${tree.kind === "text" ? spaceHint(tree.text) : ""}`;
}

function readNames(tree: Extract<Tree, { kind: "map" }>, to: At & { readonly value: Shape }): unknown {
  const found: [string, unknown][] = [];
  for (const [name, { key, value }] of tree.entries) {
    const origin = new Origin(value.span, { field: fieldPath(to.origin.field, name), key });
    to.origin.children.set(name, origin);
    const read = readValue(value, { shape: to.value, origin, reading: to.reading });
    if (!origin.isBroken) found.push([name, read]);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function readList(items: readonly Tree[], to: At & { readonly item: Shape }): unknown {
  const found = items.map((tree, index) => {
    const origin = new Origin(tree.span, { field: fieldPath(to.origin.field, index) });
    to.origin.children.set(index, origin);
    return readValue(tree, { shape: to.item, origin, reading: to.reading });
  });
  return found.length === 0 ? undefined : found;
}

function readMount(tree: Tree, to: At & { readonly object: ObjectShape }): unknown {
  if (tree.kind !== "text") {
    return readValue(tree, { ...to, shape: to.object });
  }
  const text = readText(tree, to);
  if (text === undefined) return undefined;
  const read = readMountText(text, tree.span.source.path);
  return "mount" in read ? read.mount : fail(to, read.rule);
}

function readNetwork(tree: Tree, to: At & { readonly words: WordsShape }): string | undefined {
  const { words } = to;
  if (tree.kind === "text") return readScalar(tree, { ...to, shape: words }) as string | undefined;
  const rule = `must be ${listed(words.words)}`;
  if (tree.kind !== "map") return fail(to, `${rule}, not ${kindText(tree)}`);
  const unknown = [...tree.entries].filter(([name]) => !words.words.includes(name) && !name.startsWith("x-"));
  for (const [name, { key }] of unknown) {
    const field = fieldPath(to.origin.field, name);
    to.reading.problems.add(key, {
      field,
      rule: unknownKey(words.words),
      nearest: () => nearestKey(name, words.words),
    });
  }
  if (unknown.length > 0) return to.origin.broken();
  const [given, ...more] = [...tree.entries].filter(([name]) => !name.startsWith("x-"));
  if (given === undefined || more.length > 0) return fail(to, `${rule}: exactly one of them`);
  const [word, { value }] = given;
  if (value.kind === "map" && value.entries.size === 0) return word;
  return fail(to, `${rule}: as a mapping, {${word}: {}}`);
}

/** Without presence in the proto: false is what an unset one is, and equal wishes are equal objects. */
const falseIsUnset: ReadonlySet<string> = new Set(["writable", "killUnhealthy"]);

/** A mapping of known keys; undefined when it says nothing. Keys of the user's own begin with `x-`. */
function readObject(
  tree: MapTree,
  to: { readonly shape: ObjectShape; readonly origin: Origin; readonly reading: Reading },
): Record<string, unknown> | undefined {
  const { shape, origin, reading } = to;
  const keys = keysOf(shape);
  const found: [string, unknown][] = [];
  for (const [name, entry] of knownEntries(tree, { keys, origin, reading })) {
    const field = shape.fields.get(name);
    if (field === undefined || isDoubled({ name, entry, field }, { tree, to })) continue;
    const child = new Origin(entry.value.span, { field: fieldPath(origin.field, name), key: entry.key });
    origin.children.set(field.key, child);
    const value = readValue(entry.value, { shape: field.shape, origin: child, reading });
    const saysNothing = value === undefined || value === "" || (value === false && falseIsUnset.has(field.key));
    if (!saysNothing) found.push([field.key, value]);
  }
  for (const key of shape.required) {
    if (found.some(([name]) => name === key) || origin.children.get(key)?.hasProblem) continue;
    needed(key, to);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
