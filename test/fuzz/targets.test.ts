import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corpusOf } from "./corpus.ts";
import { mutated } from "./mutated.ts";
import { targets } from "./targets.ts";

describe.each(targets)("The fuzz target $name", (target) => {
  const corpus = corpusOf(target.name);

  it.each([...corpus])("keeps its promise on %s", async (_file, input) => {
    await target.check(input);
  });

  it("keeps its promise on inputs made from its format's parts and from its corpus", async () => {
    const cases = fc.oneof(target.cases, mutated([...corpus.values()], target));
    await fc.assert(
      fc.asyncProperty(cases, async (input) => target.check(input)),
      { numRuns: 500 },
    );
  });

  it("has a corpus of small files", () => {
    expect(corpus.size).toBeGreaterThan(5);
    for (const input of corpus.values()) expect(JSON.stringify(input).length).toBeLessThan(4096);
  });
});
