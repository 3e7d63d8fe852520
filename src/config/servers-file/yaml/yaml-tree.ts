import { type Alias, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import { nearestWord } from "../../../base/text/nearest-word.ts";
import type { Problems } from "./problem.ts";
import type { SourceText, Span } from "./source-text.ts";
import { type Entry, listTree, mapTree, quoted, type TextTree, type Tree } from "./tree.ts";

/** With aliases written out. A file of two hundred servers has a tenth of it. */
const maxSize = 100_000;
const maxDepth = 64;

const mergeKey = "<<";

interface Key {
  readonly text: string;
  readonly span: Span;
  readonly isMerge: boolean;
}

/** Makes a tree of YAML's nodes: aliases and merge keys are followed, repeated keys found. */
export class TreeBuilder {
  readonly #source: SourceText;
  readonly #problems: Problems;
  /** Undefined: what the anchor is at is not complete yet. */
  readonly #anchors = new Map<string, Tree | undefined>();
  /** How many more entries merge keys may bring. */
  #mergesLeft = maxSize;

  constructor(source: SourceText, problems: Problems) {
    this.#source = source;
    this.#problems = problems;
  }

  /** Undefined when the node has a problem. */
  build(node: unknown): Tree | undefined {
    if (isAlias(node)) return this.#alias(node);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return undefined;
    const span = this.#span(node.range);
    if (node.tag !== undefined) return this.#fail(span, `has the tag ${quoted(node.tag)}, and tags mean nothing here`);
    const { anchor } = node;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const tree = isScalar(node) ? textOf(node, span) : this.#collection(node, span);
    if (tree !== undefined && (tree.size > maxSize || tree.depth > maxDepth)) {
      return this.#fail(span, "is too large, or nested too deeply, with what its aliases stand for");
    }
    if (anchor !== undefined && tree !== undefined) this.#anchors.set(anchor, tree);
    return tree;
  }

  #collection(node: YAMLMap | { readonly items: readonly unknown[] }, span: Span): Tree | undefined {
    if (isMap(node)) return this.#map(node, span);
    const items = node.items.map((item) => this.build(item));
    return items.every((item) => item !== undefined) ? listTree(items, span) : undefined;
  }

  #alias(node: Alias): Tree | undefined {
    const span = this.#span(node.range);
    const name = node.source;
    const tree = this.#anchors.get(name);
    if (tree !== undefined) return tree;
    if (this.#anchors.has(name))
      return this.#fail(span, `*${name} stands within what it stands for, or that is broken`);
    this.#problems.add(span, {
      field: "",
      rule: `*${name} has no anchor &${name} before it`,
      nearest: () => nearestWord(name, [...this.#anchors.keys()]),
    });
    return undefined;
  }

  #map(node: YAMLMap, span: Span): Tree | undefined {
    const own = new Map<string, Entry>();
    let merged: readonly Tree[] | undefined = [];
    let isWhole = true;
    for (const { key, value } of node.items) {
      const name = this.#key(key, span);
      // `? key` has no value at all.
      const tree = value === null ? emptyText(name?.span ?? span) : this.build(value);
      if (name === undefined || tree === undefined) isWhole = false;
      else if (name.isMerge) merged = this.#mergeSources(tree);
      else isWhole = this.#put(own, { name, tree }) && isWhole;
    }
    return isWhole && merged !== undefined ? this.#merge(own, { merged, span }) : undefined;
  }

  /** False when the key is there already. */
  #put(own: Map<string, Entry>, { name, tree }: { readonly name: Key; readonly tree: Tree }): boolean {
    const { text, span } = name;
    const before = own.get(text);
    if (before === undefined) {
      own.set(text, { key: span, value: tree });
      return true;
    }
    const { line } = this.#source.placeAt(before.key.start);
    this.#fail(span, `the key ${quoted(text)} stands here twice: line ${line} has it, too`);
    return false;
  }

  #key(node: unknown, around: Span): Key | undefined {
    const isText = isScalar(node) && node.tag === undefined && textOf(node, around).text !== "";
    if (!isText) {
      const range = isScalar(node) || isAlias(node) || isMap(node) || isSeq(node) ? node.range : undefined;
      return this.#fail(range ? this.#span(range) : around, "has a key that is not text");
    }
    const span = this.#span(node.range);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, textOf(node, span));
    const { text } = textOf(node, span);
    return { text, span, isMerge: text === mergeKey && node.type === "PLAIN" };
  }

  /** The mappings that `<<` names. */
  #mergeSources(tree: Tree): readonly Tree[] | undefined {
    const sources = tree.kind === "list" ? tree.items : [tree];
    if (sources.every(({ kind }) => kind === "map")) return sources;
    return this.#fail(tree.span, "<< takes a mapping, or a list of mappings");
  }

  /** A key of its own wins, then the first mapping that has it (yaml.org/type/merge.html). */
  #merge(own: Map<string, Entry>, { merged, span }: { merged: readonly Tree[]; span: Span }): Tree | undefined {
    for (const tree of merged) {
      if (tree.kind !== "map") continue;
      this.#mergesLeft -= tree.entries.size;
      if (this.#mergesLeft < 0) return this.#fail(span, "is too much: merge keys bring too many entries");
      for (const [name, entry] of tree.entries) if (!own.has(name)) own.set(name, entry);
    }
    return mapTree(own, span);
  }

  #span(range: readonly number[] | null | undefined): Span {
    const [start = 0, end = start] = range ?? [];
    return { source: this.#source, start, end };
  }

  #fail(span: Span, rule: string): undefined {
    this.#problems.add(span, { field: "", rule });
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
