import { type Alias, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import { nearestWord } from "../../../base/text/nearest-word.ts";
import { fieldPath, type Problems } from "./problem.ts";
import type { SourceText, Span } from "./source-text.ts";
import { brokenTree, type Entry, listTree, mapTree, quoted, type TextTree, type Tree } from "./tree.ts";

/** With aliases written out. A file of two hundred servers has a tenth of it. */
const maxSize = 100_000;
const maxDepth = 64;

const mergeKey = "<<";

interface Key {
  readonly text: string;
  readonly span: Span;
  readonly isMerge: boolean;
}

interface Around {
  readonly span: Span;
  readonly field: string;
}

/**
 * Makes a tree of YAML's nodes: aliases and merge keys are followed, repeated keys found. What has a problem is a broken
 * part of the tree, so that the rest can be looked at, too.
 */
export class TreeBuilder {
  readonly #source: SourceText;
  readonly #problems: Problems;
  /** "open": what the anchor is at is not complete yet. */
  readonly #anchors = new Map<string, Tree | "open">();
  /** How many more entries merge keys may bring. */
  #mergesLeft = maxSize;

  constructor(source: SourceText, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
  }

  build(node: unknown, field = ""): Tree {
    if (isAlias(node)) return this.#alias(node, field);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return brokenTree(this.#span(undefined));
    const span = this.#span(node.range);
    if (node.tag !== undefined)
      return this.#fail(span, { field, rule: `has the tag ${quoted(node.tag)}: tags mean nothing here` });
    const { anchor } = node;
    if (anchor !== undefined) this.#anchors.set(anchor, "open");
    let tree = isScalar(node) ? textOf(node, span) : this.#collection(node, { span, field });
    if (tree.size > maxSize || tree.depth > maxDepth) {
      tree = this.#fail(span, { field, rule: "is too large, or nested too deeply, with what its aliases stand for" });
    }
    if (anchor !== undefined) this.#anchors.set(anchor, tree);
    return tree;
  }

  #collection(node: YAMLMap | { readonly items: readonly unknown[] }, { span, field }: Around): Tree {
    if (isMap(node)) return this.#map(node, { span, field });
    return listTree(
      node.items.map((item, index) => this.build(item, fieldPath(field, index))),
      span,
    );
  }

  #alias({ range, source: name }: Alias, field: string): Tree {
    const span = this.#span(range);
    const tree = this.#anchors.get(name);
    if (tree === "open") return this.#fail(span, { field, rule: `*${name} stands within what it stands for` });
    if (tree !== undefined) return tree;
    const known = [...this.#anchors.keys()];
    const rule = `*${name} has no anchor &${name} before it`;
    this.#problems.add(span, { field, rule, nearest: () => nearestWord(name, known) });
    return brokenTree(span);
  }

  #map(node: YAMLMap, around: Around): Tree {
    const own = new Map<string, Entry>();
    let merged: Entry | undefined;
    for (const { key, value } of node.items) {
      const name = this.#key(key, around);
      if (name === undefined) continue;
      const field = fieldPath(around.field, name.text);
      // `? key` has no value at all.
      const entry = { key: name.span, value: value === null ? emptyText(name.span) : this.build(value, field) };
      const before = name.isMerge ? merged : own.get(name.text);
      if (before !== undefined) {
        const { line } = this.#source.placeAt(before.key.start);
        this.#fail(name.span, { field, rule: `stands here twice: line ${line} has it, too` });
      } else if (name.isMerge) merged = entry;
      else own.set(name.text, entry);
    }
    return merged === undefined ? mapTree(own, around.span) : this.#merge(own, { from: merged.value, around });
  }

  #key(node: unknown, { span: around, field }: Around): Key | undefined {
    const isText = isScalar(node) && node.tag === undefined && textOf(node, around).text !== "";
    if (!isText) {
      const range = isScalar(node) || isAlias(node) || isMap(node) || isSeq(node) ? node.range : undefined;
      this.#fail(range ? this.#span(range) : around, { field, rule: "has a key that is not text" });
      return undefined;
    }
    const tree = textOf(node, this.#span(node.range));
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, tree);
    return { text: tree.text, span: tree.span, isMerge: tree.text === mergeKey && node.type === "PLAIN" };
  }

  /** A key of its own wins, then the first mapping that has it (yaml.org/type/merge.html). */
  #merge(own: Map<string, Entry>, { from, around }: { readonly from: Tree; readonly around: Around }): Tree {
    const { span, field } = around;
    for (const tree of from.kind === "list" ? from.items : [from]) {
      // What it would bring is not known.
      if (tree.kind === "broken") return brokenTree(span);
      if (tree.kind !== "map")
        return this.#fail(tree.span, { field, rule: "<< takes a mapping, or a list of mappings" });
      this.#mergesLeft -= tree.entries.size;
      if (this.#mergesLeft < 0)
        return this.#fail(span, { field, rule: "is too much: merge keys bring too many entries" });
      for (const [name, entry] of tree.entries) if (!own.has(name)) own.set(name, entry);
    }
    return mapTree(own, span);
  }

  #span(range: readonly number[] | null | undefined): Span {
    const [start = 0, end = start] = range ?? [];
    return { source: this.#source, start, end };
  }

  #fail(span: Span, problem: { readonly field: string; readonly rule: string }): Tree {
    this.#problems.add(span, problem);
    return brokenTree(span);
  }
}

function textOf(node: Scalar, span: Span): TextTree {
  const text = typeof node.value === "string" ? node.value : (node.source ?? "");
  const isNull = node.type === "PLAIN" && /^(?:|~|null|Null|NULL)$/.test(text);
  return { kind: "text", text, isNull, span, size: 1, depth: 1 };
}

function emptyText(span: Span): TextTree {
  return { kind: "text", text: "", isNull: true, span, size: 1, depth: 1 };
}
