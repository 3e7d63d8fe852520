import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Results } from "../measure/report.ts";
import type { Chart } from "./readme.ts";
import { barChart, lineChart } from "./svg.ts";

const contenders = ["gRPC", "gRPC, typed", "gRPC stream", "Connect JSON", "REST", "supergateway", "mcp-proxy"];
const shortest = ["shortest path, HTTP/1.1", "shortest path, HTTP/2"];
const floors = ["plain pipes", "attached container", "raw HTTP/1.1 echo", "raw HTTP/2 echo", ...shortest];
const levels = ["1", "16", "64", "256"];

/** Draws what the results have figures for. */
export function writeCharts(results: Results, folder: string): Chart[] {
  mkdirSync(folder, { recursive: true });
  const charts: Chart[] = [];
  const save = (name: string, { title, svg }: { title: string; svg: string }) => {
    writeFileSync(join(folder, `${name}.svg`), svg);
    charts.push({ title, file: `charts/${name}.svg` });
  };
  const calls = results.calls?.figures;
  if (calls !== undefined) {
    const pace = (name: string, level: string) => calls[`${name}, 100 B, ${level} in flight, calls/s`];
    const bars = [...contenders, ...floors].flatMap((label) => {
      const value = pace(label, "64");
      return value === undefined ? [] : { label, value };
    });
    save(
      "calls",
      titled("Calls a second, 100 B, 64 in flight", (title) => barChart(title, bars)),
    );
    const series = contenders.map((label) => ({ label, values: levels.map((level) => pace(label, level)) }));
    save(
      "in-flight",
      titled("Calls a second by calls in flight, 100 B", (title) => lineChart(title, { x: levels, series })),
    );
  }
  const starts = Object.entries(results["cold-start"]?.figures ?? {}).filter(([name]) => name.endsWith(", ms"));
  if (starts.length > 0) {
    const bars = starts.map(([name, value]) => ({ label: name.replace(", ms", ""), value }));
    save(
      "cold-start",
      titled("Milliseconds from Start to the first result", (title) => barChart(title, bars)),
    );
  }
  const growth = results.growth?.figures;
  if (growth !== undefined) {
    const counts = ["1", "10", "50", "200"];
    const p50 = { label: "p50 of a call, µs", values: counts.map((count) => growth[`${count} servers, p50 µs`]) };
    save(
      "servers",
      titled("A call by the number of servers", (title) => lineChart(title, { x: counts, series: [p50] })),
    );
  }
  return charts;
}

function titled(title: string, draw: (title: string) => string): { title: string; svg: string } {
  return { title, svg: draw(title) };
}
