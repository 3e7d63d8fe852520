/**
 * floods: what one large request or a flood costs the manager and another caller. BEFORE=<folder of a bundle> measures
 * that, too, in turn; ONLY=<regular expression> measures what it names alone.
 */
import { writeFileSync } from "node:fs";
import { connectionFloods } from "./floods/connection-floods.ts";
import { frameFloods } from "./floods/frame-floods.ts";
import { largeRequests } from "./floods/large-requests.ts";
import { measureAttack } from "./floods/measure-attack.ts";
import { nothing } from "./floods/nothing.ts";
import { costRow, heading } from "./floods/rows.ts";
import { streamFloods } from "./floods/stream-floods.ts";
import { bundleBefore, bundleHere } from "./load/bundled-manager.ts";
import { openedHere } from "./measure/opened-here.ts";
import { Report, resultsFile } from "./measure/report.ts";
import { markdown } from "./summary/readme.ts";

const before = bundleBefore();
const sides = [
  ...(before === undefined ? [] : [{ name: "before", bundle: before }]),
  { name: before === undefined ? "" : "after", bundle: bundleHere },
];
const only = new RegExp(process.env.ONLY ?? "");
const attacks = [nothing, ...largeRequests, ...streamFloods, ...frameFloods, ...connectionFloods];
const chosen = attacks.filter(({ name }) => only.test(name));
const report = new Report("floods");
// What is under way is a child, and ends with this process.
await using _opened = openedHere();
report.title("One large request, or a flood");
report.row(heading);
const rows: string[][] = [heading];
for (const [index, attack] of chosen.entries()) {
  const costs = new Map<string, string[]>();
  // Each is the first in turn.
  for (const { name, bundle } of index % 2 === 0 ? sides : sides.toReversed()) {
    costs.set(name, costRow(attack, { side: name, cost: await measureAttack(attack, { bundle }) }));
  }
  for (const { name } of sides) {
    const row = costs.get(name) ?? [];
    report.row(row);
    rows.push(row);
  }
}
report.note("*wait*: the longest that another caller waited. *MB*: the most memory above that before.");
report.save();
const file = resultsFile().replace(/\.json$/, "-floods.md");
writeFileSync(file, `${markdown(rows)}\n`);
console.log(`\nWritten to ${file}`);
