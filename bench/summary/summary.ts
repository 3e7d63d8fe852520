/**
 * Holds the results of a run against the goals. With `--readme`, writes tables and charts into bench/README.md; with
 * SHORT=1, ends 1 when a limit of CI is broken.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readResults } from "../measure/report.ts";
import { short } from "../measure/short.ts";
import { writeCharts } from "./charts.ts";
import { judge, limitText } from "./goals.ts";
import { figuresText, withFigures } from "./readme.ts";

const results = readResults();
const judged = judge(results);

console.log("\nGoals");
for (const { goal, value, verdict } of judged) {
  const shown = value === undefined ? "" : `${value}`;
  console.log([goal.text.padEnd(72), limitText(goal.limit).padStart(9), shown.padStart(9), ` ${verdict}`].join(" "));
}

if (process.argv.includes("--readme")) {
  const charts = writeCharts(results, fileURLToPath(new URL("../charts/", import.meta.url)));
  const readme = fileURLToPath(new URL("../README.md", import.meta.url));
  const text = figuresText(results, { judged, charts });
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), text));
}

const broken = judged.flatMap((one) => one.broken ?? []);
for (const what of broken) console.error(`Far from its goal: ${what}`);
if (short && broken.length > 0) process.exitCode = 1;
