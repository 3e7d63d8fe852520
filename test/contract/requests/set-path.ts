import type { JsonValue } from "@bufbuild/protobuf";

type Container = { [key: string | number]: JsonValue };

/** A copy of the JSON with a value at a path as violations have it, e.g. `spec.env["A"]`; what is missing on the way is made. */
export function withPath(json: { readonly [key: string]: JsonValue }, path: string, value: JsonValue) {
  const copy = structuredClone(json) as { [key: string]: JsonValue };
  const keys = keysOf(path);
  let place = copy as Container;
  for (const [index, key] of keys.entries()) {
    if (index === keys.length - 1) place[key] = value;
    else {
      place[key] ??= typeof keys[index + 1] === "number" ? [] : {};
      place = place[key] as Container;
    }
  }
  return copy;
}

/** A copy without what stands at a path. */
export function withoutPath(json: { readonly [key: string]: JsonValue }, path: string) {
  const copy = structuredClone(json) as { [key: string]: JsonValue };
  const keys = keysOf(path);
  let place = copy as Container;
  for (const key of keys.slice(0, -1)) place = place[key] as Container;
  delete place[keys.at(-1) ?? ""];
  return copy;
}

export function keysOf(path: string): (string | number)[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) =>
    index === undefined ? (quoted ?? name ?? "") : Number(index),
  );
}
