import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { dirname, join } from "node:path";

const columnChars = 11;
const firstColumnChars = 24;

export interface Table {
  readonly title: string;
  readonly rows: string[][];
  readonly notes: string[];
}

/** What one benchmark found: tables for people, and numbers for the goals and the charts. */
export interface Section {
  readonly machine: string;
  readonly tables: Table[];
  readonly figures: Record<string, number>;
}

export type Results = Record<string, Section>;

/** Where scripts/bench wants the results of this run. */
export function resultsFile(): string {
  const { BENCH_RESULTS: file } = process.env;
  if (file === undefined) throw new Error("BENCH_RESULTS is not set: run this by `make bench`");
  return file;
}

export function readResults(): Results {
  const file = resultsFile();
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

/** The newest results of each benchmark, of this run or of earlier ones, whose files are named by their date. */
export function newestResults(): Results {
  const folder = dirname(resultsFile());
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const each = names.toSorted().map((name): Results => JSON.parse(readFileSync(join(folder, name), "utf8")));
  return Object.assign({}, ...each);
}

/** Tables of a benchmark, on the terminal as they come and in the results at the end. */
export class Report {
  readonly #name: string;
  readonly #section: Section;

  constructor(name: string) {
    this.#name = name;
    const [cpu] = cpus();
    const date = new Date().toISOString().slice(0, 10);
    const load = loadavg()[0]?.toFixed(1);
    const machine = [
      date,
      `${cpus().length} x ${cpu?.model ?? "unknown processor"}`,
      `${process.platform} ${release()} ${process.arch}`,
      `Node ${process.version}`,
      `load ${load} before`,
    ].join(", ");
    this.#section = { machine, tables: [], figures: {} };
    console.log(machine);
  }

  title(text: string): void {
    this.#section.tables.push({ title: text, rows: [], notes: [] });
    console.log(`\n${text}`);
  }

  row(cells: readonly string[]): void {
    this.#table.rows.push([...cells]);
    console.log(
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(firstColumnChars) : cell.padStart(columnChars)))
        .join(" "),
    );
  }

  note(text: string): void {
    this.#table.notes.push(text);
    console.log(`  ${text}`);
  }

  /** A number that a goal or a chart needs. */
  figure(name: string, value: number): void {
    if (!Number.isFinite(value)) throw new Error(`the figure "${name}" is ${value}`);
    this.#section.figures[name] = Number(value.toPrecision(4));
  }

  save(): void {
    const results = { ...readResults(), [this.#name]: this.#section };
    writeFileSync(resultsFile(), `${JSON.stringify(results, undefined, 1)}\n`);
  }

  get #table(): Table {
    const table = this.#section.tables.at(-1);
    if (table === undefined) throw new Error("a row needs a table: call title first");
    return table;
  }
}
