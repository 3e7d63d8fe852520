import type { Origin } from "./origin.ts";
import { VariableProblem, type Variables } from "./variables.ts";
import type { Problems } from "./yaml/problem.ts";
import type { TextTree } from "./yaml/tree.ts";

export interface Reading {
  readonly problems: Problems;
  readonly variables: Variables;
}

export interface At {
  readonly origin: Origin;
  readonly reading: Reading;
}

/** Tells a problem of what is at the origin. */
export function fail({ origin, reading }: At, rule: string, meant?: () => string | undefined): undefined {
  reading.problems.add(origin.span, { field: origin.field, rule, ...(meant === undefined ? {} : { nearest: meant }) });
  return origin.broken();
}

/** The text with its variables put in. */
export function readText(tree: TextTree, { origin, reading }: At): string | undefined {
  try {
    return reading.variables.expand(tree.text);
  } catch (error) {
    if (!(error instanceof VariableProblem)) throw error;
    const { source, start, end } = tree.span;
    // A text may have many lines.
    const at = error.fragment === "" ? -1 : source.text.slice(start, end).indexOf(error.fragment);
    const span = { source, start: at === -1 ? start : start + at, end };
    reading.problems.add(span, { field: origin.field, rule: error.message });
    return origin.broken();
  }
}
