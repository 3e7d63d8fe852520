import { type Entry, type MapTree, mapTree, type Tree } from "./tree.ts";

/** Of these exactly one key is given: two files together would give two. */
const whole = /^(?:secrets\/[^/]+|servers\/[^/]+\/network)$/;

/**
 * Later files over earlier ones, as Compose does it: mappings key by key, all else by the later value. What a part says
 * keeps its place, and with it the folder that its relative paths start at.
 */
export function mergeFiles(files: readonly MapTree[]): MapTree | undefined {
  return files.reduce<MapTree | undefined>(
    (before, file) => (before === undefined ? file : merged(before, file)),
    undefined,
  );
}

function merged(before: MapTree, after: MapTree, path: readonly string[] = []): MapTree {
  const entries = new Map<string, Entry>(before.entries);
  for (const [name, entry] of after.entries) {
    const old = entries.get(name)?.value;
    entries.set(name, { key: entry.key, value: mergedValue(old, { after: entry.value, path: [...path, name] }) });
  }
  return mapTree(entries, after.span);
}

function mergedValue(
  before: Tree | undefined,
  { after, path }: { readonly after: Tree; readonly path: readonly string[] },
): Tree {
  if (before?.kind !== "map" || after.kind !== "map") return after;
  // Names have no slash where it matters: both servers and secrets refuse it.
  return whole.test(path.join("/")) ? after : merged(before, after, path);
}
