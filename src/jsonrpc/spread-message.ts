import { JsonProgress } from "../json/json-progress.ts";
import { JsonSyntaxError } from "../json/json-scan.ts";
import { mayBeMessage } from "./message.ts";

/** Most that turn out to be none have one line. */
const smallBuffer = 256;
/** Of more lines that turn out to be no message only the beginning is shown: there may be millions. */
const maxShownLines = 1000;
const shownBytes = 4096;
const lineFeed = 0x0a;
/** `{`, `[` and `,` */
const goesOn: ReadonlySet<number> = new Set([0x7b, 0x5b, 0x2c]);

/** Whether more lines belong to it; "broken": what was begun and this line are not parts of one JSON text. */
export type SpreadState = "open" | "whole" | "broken";

/** A message that the other side writes over several lines, as printers for people do, while it comes. */
export class SpreadMessage {
  readonly #progress = new JsonProgress();
  #buffer = Buffer.allocUnsafe(smallBuffer);
  #length = 0;
  #lines = 0;

  private constructor() {}

  /** Undefined when the line can't be the first of one: such a line breaks behind a bracket or a comma. */
  static begunBy(line: Buffer): SpreadMessage | undefined {
    if (!mayBeMessage(line) || !goesOn.has(lastByte(line))) return undefined;
    const spread = new SpreadMessage();
    return spread.add(line) === "open" ? spread : undefined;
  }

  get bytes(): number {
    return this.#length;
  }

  /** Takes the next line, unless it is broken. */
  add(line: Buffer): SpreadState {
    let state: SpreadState;
    try {
      state = this.#progress.push(line.toString("latin1"));
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      return "broken";
    }
    this.#keep(line);
    return state;
  }

  /** All of it; the lines end with line breaks. */
  text(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** The lines, to be shown. */
  *lines(): Generator<{ readonly line: Buffer; readonly truncated: boolean }> {
    const text = this.text();
    if (this.#lines > maxShownLines) {
      yield { line: text.subarray(0, shownBytes), truncated: true };
      return;
    }
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf(lineFeed, start);
      yield { line: text.subarray(start, end), truncated: false };
      start = end + 1;
    }
  }

  #keep(line: Buffer): void {
    const length = this.#length + line.length + 1;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
      this.text().copy(larger);
      this.#buffer = larger;
    }
    line.copy(this.#buffer, this.#length);
    this.#buffer[length - 1] = lineFeed;
    this.#length = length;
    this.#lines += 1;
  }
}

/** The last one that is no space. */
function lastByte(line: Buffer): number {
  let at = line.length - 1;
  while (at > 0 && (line[at] === 0x20 || line[at] === 0x09)) at -= 1;
  return line[at] ?? 0;
}
