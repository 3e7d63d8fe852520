import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { Killing } from "./killing.ts";

/** `make chaos ROUNDS=100 SEED=7` does the same for longer, and prints what was under way. */
it("A manager killed at random instants leaves a fleet that the next one finds whole, and nothing else", async () => {
  const seed = randomInt(2 ** 31);
  await using killing = await Killing.open(seed);
  for (let round = 1; round <= 8; round += 1) {
    const { findings } = await killing.round();
    expect(findings, `round ${round}, SEED=${seed}`).toEqual([]);
  }
  expect(await killing.end(), `the end, SEED=${seed}`).toEqual([]);
}, 120_000);
