/** micro: what is written by hand for speed gains, beside the plain form of each. */
import { fileURLToPath } from "node:url";
import { runProgram } from "./load/run-program.ts";
import { Report } from "./measure/report.ts";
import { short } from "./measure/short.ts";
import type { ByHand, Pair, Round } from "./micro/by-hand.ts";
import { fastPaths, measureFastPath } from "./micro/fast-path.ts";
import { columns, pairRow } from "./micro/pair-row.ts";
import { byHandPairs, leftPlainPairs } from "./micro/pairs.ts";
import { ratioOf, ruleOf } from "./summary/rules.ts";

const program = fileURLToPath(new URL("micro/run-pair.ts", import.meta.url));
const rounds = short ? 3 : 15;
const roundMs = short ? 20 : 50;
const loadRounds = 7;
/** Those of which a goal says when CI fails. */
const guarded = ["encodeJson", "encodeLine"];
const report = new Report("micro");

report.title("What is written by hand, and what it gains");
report.row(["", ...columns]);
for (const [name, pair] of Object.entries(byHandPairs)) {
  if (!short || guarded.includes(name)) note(pair, await roundsOf(name, pair));
}
if (!short) {
  for (const fastPath of fastPaths) note(fastPath, await measureFastPath(fastPath, loadRounds));
  report.title("What is left plain, and what it would gain by hand");
  report.row(["", ...columns]);
  for (const [name, pair] of Object.entries(leftPlainPairs)) note(pair, await roundsOf(name, pair));
}
report.save();

function note(byHand: ByHand, done: readonly Round[]): void {
  const { cells, ratio } = pairRow(byHand, done);
  report.row(cells);
  report.figure(ratioOf(byHand.thing), ratio);
  if (byHand.goesBelow !== undefined) report.figure(ruleOf(byHand.thing), byHand.goesBelow);
}

/** Of a process of its own, in which nothing else has been compiled; of one for each side, if they are to be apart. */
async function roundsOf(name: string, { apart = false }: Pair): Promise<Round[]> {
  const run = async (...side: string[]) =>
    JSON.parse(await runProgram(process.execPath, [program, name, String(rounds), String(roundMs), ...side]));
  if (!apart) return run();
  const done: Round[] = [];
  for (let round = 0; round < Math.ceil(rounds / 3); round += 1) {
    done.push({ handNs: await run("hand"), plainNs: await run("plain") });
  }
  return done;
}
