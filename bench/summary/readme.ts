import type { Results, Table } from "../measure/report.ts";
import { type Judged, limitText } from "./goals.ts";

const begin = "<!-- figures: written by make bench -->";
const end = "<!-- end of figures -->";

export interface Chart {
  readonly title: string;
  /** From bench/. */
  readonly file: string;
}

/** The figures of a run in Markdown: goals, charts, then each benchmark's tables. */
export function figuresText(
  results: Results,
  { judged, charts }: { judged: readonly Judged[]; charts: readonly Chart[] },
): string {
  const goals = judged.map(({ goal, value, verdict }) => [
    goal.text,
    limitText(goal.limit),
    value === undefined ? "" : String(value),
    verdict,
  ]);
  const parts = ["## Goals", markdown([["", "goal", "figure", ""], ...goals])];
  for (const { title, file } of charts) parts.push(`![${title}](${file})`);
  for (const [name, { machine, tables }] of Object.entries(results)) {
    parts.push(`## Figures: ${name}`, `${machine}.`, ...tables.flatMap(tableParts));
  }
  return parts.join("\n\n");
}

function tableParts({ title, rows, notes }: Table): string[] {
  return [`### ${title}`, markdown(rows), ...notes];
}

/** Cells with more characters are words, which begin at the left. */
const maxNumberChars = 16;

/** A table, whose first row is its head. */
export function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const isWords = (column: number) => rows.some((cells) => (cells[column] ?? "").length > maxNumberChars);
  const align = head.map((_cell, column) => (column === 0 || isWords(column) ? "---" : "---:"));
  return [head, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The page with these figures in the place of those that it has. */
export function withFigures(page: string, figures: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`bench/README.md lacks "${begin}" and "${end}"`);
  return `${page.slice(0, from)}${begin}\n\n${figures}\n\n${page.slice(to)}`;
}
