import type { Span } from "./source-text.ts";

/** What a YAML file says, with the place of every part. What an alias stands for is shared, not copied. */
export type Tree = TextTree | ListTree | MapTree | BrokenTree;

interface Node {
  readonly span: Span;
  /** How many parts it has when aliases are written out. */
  readonly size: number;
  readonly depth: number;
}

/** Any scalar, as it is written: what kind of value `010` is, the field says in which it stands. */
export interface TextTree extends Node {
  readonly kind: "text";
  readonly text: string;
  /** Nothing, `~` or `null`, without quotes. */
  readonly isNull: boolean;
}

export interface ListTree extends Node {
  readonly kind: "list";
  readonly items: readonly Tree[];
}

export interface MapTree extends Node {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: Span;
  readonly value: Tree;
}

/** What has a problem that has been told. */
export interface BrokenTree extends Node {
  readonly kind: "broken";
}

/** As messages name it. Its text is not in them: it may be a value that nobody else shall see. */
export function kindText(tree: Tree): string {
  if (tree.kind === "list") return "a list";
  return tree.kind === "map" ? "a mapping" : "text";
}

const maxQuoted = 40;

/** A text of the file, short enough for a message, and in one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text);
}

export function listTree(items: readonly Tree[], span: Span): ListTree {
  return { kind: "list", items, span, ...measured(items) };
}

export function mapTree(entries: ReadonlyMap<string, Entry>, span: Span): MapTree {
  return { kind: "map", entries, span, ...measured([...entries.values()].map(({ value }) => value)) };
}

export function brokenTree(span: Span): BrokenTree {
  return { kind: "broken", span, size: 1, depth: 1 };
}

function measured(parts: readonly Tree[]): Pick<Node, "size" | "depth"> {
  let size = 1;
  let depth = 0;
  for (const part of parts) {
    size += part.size;
    depth = Math.max(depth, part.depth);
  }
  return { size, depth: depth + 1 };
}
