import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { checkModel } from "./check-model.ts";

/** `make model MINUTES=10 SEED=7`: for so long, and the commands are counted. */
const { MCPM_TEST_MODEL_MINUTES: minutes, MCPM_TEST_MODEL_SEED: givenSeed } = process.env;
const longMs = minutes === undefined ? undefined : Number(minutes) * 60_000;
const seed = givenSeed === undefined || givenSeed === "" ? randomInt(2 ** 31) : Number(givenSeed);

it(
  "A fleet is what its model says after any commands, engine's doings and ends of the manager",
  async () => {
    const counts = new Map<string, number>();
    let sequences = 0;
    const onSequence = (commands: readonly string[]) => {
      sequences += 1;
      for (const kind of commands.map(kindOf)) {
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
    };
    const length =
      longMs === undefined ? { numRuns: 2, limitMs: 40_000 } : { numRuns: Math.ceil(longMs / 1000), limitMs: longMs };
    try {
      await checkModel({ seed, ...length, onSequence });
    } finally {
      if (longMs !== undefined) console.log(table(counts, { sequences }));
    }
    expect(sequences).toBeGreaterThan(0);
  },
  (longMs ?? 60_000) + 120_000,
);

/** Without which server it was done to, and what was applied when. */
function kindOf(command: string): string {
  return command
    .replace(/ [ab]$/, "")
    .replace(/ \d+ ms after/, " during")
    .replace(/Apply \(.*$/, "Apply");
}

function table(counts: ReadonlyMap<string, number>, { sequences }: { sequences: number }): string {
  const rows = [...counts].sort(([a], [b]) => a.localeCompare(b));
  const lines = rows.map(([kind, times]) => `${kind.padEnd(32)}${String(times).padStart(8)}`);
  return [`seed ${seed}, ${sequences} sequences of commands`, ...lines].join("\n");
}
