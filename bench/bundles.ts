/**
 * bundles: the main loads on the bundle of another tree, BEFORE=<its folder>, and on this tree's, in turn; ONLY=<part of a
 * name> leaves out the others.
 */
import { mainLoads, type Pace } from "./bundles/loads.ts";
import { BenchManager } from "./load/bench-manager.ts";
import { bundleBefore } from "./load/bundled-manager.ts";
import { median } from "./measure/median.ts";
import { openedHere } from "./measure/opened-here.ts";
import { Report } from "./measure/report.ts";
import { short } from "./measure/short.ts";

/** Of both bundles. */
interface Pair<T> {
  readonly before: T;
  readonly after: T;
}

const only = process.env.ONLY ?? "";
const rounds = short ? 3 : 9;
/** What a change may cost. */
const leastRatio = 0.97;
const bundle = bundleBefore();
if (bundle === undefined) throw new Error("BEFORE is not set: name the folder of the bundle to compare with");

const report = new Report("bundles");
await using opened = openedHere();
const before = await mainLoads(opened.use(await BenchManager.start({}, { bundle })));
const after = await mainLoads(opened.use(await BenchManager.start()));
const paces = new Map<string, Pair<Pace>[]>();
// A first round, in which both are still cold, does not count.
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, load] of before) {
    if (!name.includes(only)) continue;
    const pair = await inTurn({ before: load, after: after.get(name) ?? load }, { afterFirst: round % 2 === 1 });
    if (round > 0) paces.set(name, [...(paces.get(name) ?? []), pair]);
  }
  console.log(round === 0 ? "warmed up" : `round ${round} of ${rounds}`);
}

report.title(`This tree's bundle by the one before, median of ${rounds} rounds' ratios`);
report.row(["", "before /s", "after /s", "ratio", "lowest", "highest", "CPU ratio", "within 3 %"]);
for (const [name, pairs] of paces) {
  const ratios = pairs.map((pair) => pair.after.perS / pair.before.perS);
  const cpu = median(pairs.map((pair) => pair.after.cpuUs / pair.before.cpuUs));
  const ratio = median(ratios);
  report.row([
    name,
    median(pairs.map((pair) => pair.before.perS)).toFixed(0),
    median(pairs.map((pair) => pair.after.perS)).toFixed(0),
    ...[ratio, Math.min(...ratios), Math.max(...ratios), cpu].map((value) => value.toFixed(3)),
    ratio >= leastRatio ? "yes" : "no",
  ]);
  report.figure(`${name}, after / before`, ratio);
}
report.save();

/** One after the other, each the first in every second round. */
async function inTurn(loads: Pair<() => Promise<Pace>>, { afterFirst }: { afterFirst: boolean }): Promise<Pair<Pace>> {
  if (!afterFirst) return { before: await loads.before(), after: await loads.after() };
  const after = await loads.after();
  return { before: await loads.before(), after };
}
