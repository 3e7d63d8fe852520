import { describe, expect, it } from "vitest";
import { corpusOf } from "./corpus.ts";
import { targets } from "./targets.ts";

describe.each(targets)("The fuzz target $name", (target) => {
  it.each([...corpusOf(target.name)])("keeps its promise on %s", async (_file, input) => {
    await target.check(input);
  });

  it("has a corpus of small files", () => {
    const inputs = [...corpusOf(target.name).values()];
    expect(inputs.length).toBeGreaterThan(5);
    for (const input of inputs) expect(JSON.stringify(input).length).toBeLessThan(4096);
  });
});
