import type { z } from "zod";
import { protoName } from "../../base/spec/proto-name.ts";
import { fieldPath } from "./yaml/problem.ts";
import type { Span } from "./yaml/source-text.ts";

/** Where a value comes from, beside the value: a schema's issue has only a path. */
export class Origin {
  readonly span: Span;
  readonly field: string;
  /** Where its key stands; its own place, if it has none. */
  readonly key: Span;
  /** By the keys of the value, which are the domain's. */
  readonly children = new Map<PropertyKey, Origin>();
  /** A problem of it has been told. */
  isBroken = false;

  constructor(span: Span, { field, key = span }: { readonly field: string; readonly key?: Span }) {
    this.span = span;
    this.field = field;
    this.key = key;
  }

  /** Marks it. Returns undefined, which is then its value. */
  broken(): undefined {
    this.isBroken = true;
  }

  get hasProblem(): boolean {
    return this.isBroken || [...this.children.values()].some((child) => child.hasProblem);
  }
}

/** An issue at its place in the file. */
interface PlacedIssue {
  readonly span: Span;
  readonly field: string;
  readonly rule: string;
}

/** Where a schema's issues stand, but for those about what is known to be wrong; the first of each field. */
export function placeIssues(issues: readonly z.core.$ZodIssue[], root: Origin): PlacedIssue[] {
  const placed = new Map<string, PlacedIssue>();
  for (const issue of issues) {
    const isKey = issue.code === "invalid_key";
    const rule = isKey ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    const found = find(root, issue.path);
    if (found === undefined) continue;
    const { origin, field } = found;
    if (!placed.has(field)) placed.set(field, { span: isKey ? origin.key : origin.span, field, rule });
  }
  return [...placed.values()];
}

/** The nearest to a path, and the whole path in words; undefined when something there is broken. */
function find(root: Origin, path: readonly PropertyKey[]): { origin: Origin; field: string } | undefined {
  let origin = root;
  let field = root.field;
  for (const [index, part] of path.entries()) {
    if (origin.isBroken) return undefined;
    const child = origin.children.get(part);
    if (child === undefined) {
      for (const rest of path.slice(index))
        field = fieldPath(field, typeof rest === "number" ? rest : protoName(String(rest)));
      return { origin, field };
    }
    origin = child;
    field = child.field;
  }
  return origin.hasProblem ? undefined : { origin, field };
}
