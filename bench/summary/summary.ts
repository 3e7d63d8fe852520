/**
 * Holds the results of a run against the goals, and what is written by hand against its rules. With `--readme`, the
 * newest results of each benchmark, whose tables and charts it writes into bench/README.md. Ends 1 with SHORT=1 when a
 * limit of CI is broken, else when something written by hand gains less than its rule asks for.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { newestResults, readResults } from "../measure/report.ts";
import { short } from "../measure/short.ts";
import { writeCharts } from "./charts.ts";
import { judge, limitText } from "./goals.ts";
import { figuresText, withFigures } from "./readme.ts";
import { broken as brokenRules } from "./rules.ts";

const writesReadme = process.argv.includes("--readme");
const results = writesReadme ? newestResults() : readResults();
const judged = judge(results);

console.log("\nGoals");
for (const { goal, value, verdict } of judged) {
  const shown = value === undefined ? "" : `${value}`;
  console.log([goal.text.padEnd(72), limitText(goal.limit).padStart(9), shown.padStart(9), ` ${verdict}`].join(" "));
}

if (writesReadme) {
  const charts = writeCharts(results, fileURLToPath(new URL("../charts/", import.meta.url)));
  const readme = fileURLToPath(new URL("../README.md", import.meta.url));
  const text = figuresText(results, { judged, charts });
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), text));
}

const broken = judged.flatMap((one) => one.broken ?? []);
for (const what of broken) console.error(`Far from its goal: ${what}`);
const gone = brokenRules(results);
for (const what of gone) console.error(`Not worth its lines: ${what}`);
if ((short ? broken : gone).length > 0) process.exitCode = 1;
