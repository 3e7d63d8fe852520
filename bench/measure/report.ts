import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const columnChars = 11;

/** Tables of a benchmark, on the terminal as they come and in bench/results at the end. */
export class Report {
  readonly #name: string;
  readonly #lines: string[] = [];

  constructor(name: string) {
    this.#name = name;
    const [cpu] = cpus();
    const date = new Date().toISOString().slice(0, 10);
    this.#say(`${date}, Node ${process.version}, ${process.platform} ${process.arch}`);
    this.#say(`${cpus().length} x ${cpu?.model ?? "unknown processor"}`);
  }

  title(text: string): void {
    this.#say("");
    this.#say(text);
  }

  row(cells: readonly string[]): void {
    this.#say(cells.map((cell) => cell.padStart(columnChars)).join(" "));
  }

  note(text: string): void {
    this.#say(`  ${text}`);
  }

  save(): void {
    const file = fileURLToPath(new URL(`../results/${this.#name}.txt`, import.meta.url));
    writeFileSync(file, `${this.#lines.join("\n")}\n`);
  }

  #say(line: string): void {
    this.#lines.push(line);
    console.log(line);
  }
}
