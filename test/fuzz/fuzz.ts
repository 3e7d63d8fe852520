/**
 * fuzz MINUTES [TARGET...]: looks for inputs that break a promise, for so long in all; SEED in the environment repeats a
 * run. Ends 1 when it found one, with the smallest case in test/fuzz/corpus.
 */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { corpusOf, keepCase } from "./corpus.ts";
import type { FuzzCase, FuzzTarget } from "./fuzz-target.ts";
import { mutated } from "./mutated.ts";
import { targets } from "./targets.ts";

/** Targets take turns of at most so long, each with a seed of its own: fast-check's memory grows in a long one. */
const maxRoundMs = 5_000;
/** How long the search for the smallest case may take. */
const shrinkMs = 60_000;

interface Tally {
  readonly target: FuzzTarget;
  readonly cases: fc.Arbitrary<FuzzCase>;
  readonly corpusSize: number;
  inputs: number;
  busyMs: number;
  slowestMs: number;
  failed: boolean;
}

const [minutesText = "1", ...names] = process.argv.slice(2);
const minutes = Number(minutesText);
const seed = process.env.SEED === undefined || process.env.SEED === "" ? randomInt(2 ** 31) : Number(process.env.SEED);
const chosen = names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name));
if (!(minutes > 0) || !Number.isInteger(seed) || chosen.length < Math.max(1, names.length)) {
  console.error("Error: MINUTES must be above 0, SEED an integer, and TARGETS some of");
  console.error(`  ${targets.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

const roundMs = Math.min(maxRoundMs, (minutes * 60_000) / chosen.length);
const endMs = performance.now() + minutes * 60_000;
console.log(`Fuzzing ${chosen.length} targets for ${minutes} min, seed ${seed}`);
const tallies = chosen.map(tallyOf);
for (const tally of tallies) await replay(tally);
for (let round = 0; performance.now() < endMs && tallies.some(({ failed }) => !failed); round += 1) {
  for (const tally of tallies) {
    const leftMs = Math.min(roundMs, endMs - performance.now());
    if (leftMs > 0 && !tally.failed) await search(tally, { seed: seed + round, limitMs: leftMs });
  }
}
printTotals();
process.exitCode = tallies.some(({ failed }) => failed) ? 1 : 0;

function tallyOf(target: FuzzTarget): Tally {
  const corpus = [...corpusOf(target.name).values()];
  const cases = fc.oneof(target.cases, mutated(corpus, target));
  return { target, cases, corpusSize: corpus.length, inputs: 0, busyMs: 0, slowestMs: 0, failed: false };
}

function propertyOf(tally: Tally) {
  return fc.asyncProperty(tally.cases, (input) => timed(tally, input));
}

async function timed(tally: Tally, input: FuzzCase): Promise<void> {
  const startMs = performance.now();
  tally.inputs += 1;
  await tally.target.check(input);
  tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startMs);
}

async function replay(tally: Tally): Promise<void> {
  for (const [file, input] of corpusOf(tally.target.name)) {
    try {
      await timed(tally, input);
    } catch (error) {
      tally.failed = true;
      console.log(`\n${tally.target.name}: FAILED on ${file} of its corpus\n${told(error)}`);
    }
  }
}

async function search(tally: Tally, round: { readonly seed: number; readonly limitMs: number }): Promise<void> {
  const startMs = performance.now();
  const { failed, counterexamplePath } = await fc.check(propertyOf(tally), {
    seed: round.seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: round.limitMs,
    markInterruptAsFailure: false,
    endOnFailure: true,
  });
  tally.busyMs += performance.now() - startMs;
  if (!failed) return;
  tally.failed = true;
  console.log(`\n${tally.target.name}: FAILED after ${tally.inputs} inputs (seed ${round.seed})`);
  await shrink(tally, { seed: round.seed, path: counterexamplePath ?? "" });
}

async function shrink(tally: Tally, found: { readonly seed: number; readonly path: string }): Promise<void> {
  const { counterexample, errorInstance } = await fc.check(propertyOf(tally), {
    ...found,
    interruptAfterTimeLimit: shrinkMs,
  });
  if (counterexample === null) throw new Error(`the finding did not come again: ${JSON.stringify(found)}`);
  console.log(`${told(errorInstance)}\n  smallest case: ${keepCase(tally.target.name, counterexample[0])}`);
}

/** The first lines of an error, in 80 columns. */
function told(error: unknown): string {
  const lines = String(error instanceof Error ? error.message : error).split("\n");
  return lines
    .slice(0, 20)
    .map((line) => `  ${line.slice(0, 77)}`)
    .join("\n");
}

function printTotals(): void {
  const row = (cells: readonly string[]) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(12))).join("");
  console.log(`\n${row(["target", "inputs", "per second", "corpus", "slowest", "result"])}`);
  for (const { target, inputs, busyMs, corpusSize, slowestMs, failed } of tallies) {
    const perSecond = busyMs === 0 ? 0 : Math.round((inputs * 1000) / busyMs);
    const numbers = [inputs, perSecond, corpusSize].map((number) => number.toLocaleString("en"));
    console.log(row([target.name, ...numbers, `${slowestMs.toFixed(0)} ms`, failed ? "FAILED" : "ok"]));
  }
  const mib = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`peak memory ${mib} MiB`);
}
