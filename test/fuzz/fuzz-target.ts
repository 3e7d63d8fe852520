import type fc from "fast-check";

/** One input of a target, as its corpus file holds it. What each text is, the target says. */
export type FuzzCase = readonly string[];

/** A promise about every input, and where to look for one that breaks it. */
export interface FuzzTarget {
  readonly name: string;
  /** `fixed`: each text has its own meaning. `chunks`: together they are one stream of bytes, as Latin-1. */
  readonly shape: "fixed" | "chunks";
  /** Inputs made of the parts that the target's format has. */
  readonly cases: fc.Arbitrary<FuzzCase>;
  /** What mutations put in. */
  readonly dictionary: readonly string[];
  /** Throws when the promise is broken. */
  check(input: FuzzCase): void | Promise<void>;
}
