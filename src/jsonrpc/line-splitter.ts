import { type OversizedLine, SkippedLine } from "./skipped-line.ts";

const lineFeed = 0x0a;
const smallBuffer = 64 * 1024;
const nothing = Buffer.alloc(0);

export interface LineSplitterOptions {
  readonly maxLineBytes: number;
  /** A line without its line break, CR and BOM. The bytes are only good until the call returns. */
  readonly onLine: (line: Buffer) => void;
  /** Called at the end of an oversized line, whose bytes were not kept. */
  readonly onOversized: (line: OversizedLine) => void;
}

/**
 * Splits a byte stream at 0x0A, before any decoding: a character may span chunks. Cost is linear in bytes whatever the
 * chunk sizes are, memory is at most twice the longest line, and a line above the limit is skipped without being kept.
 */
export class LineSplitter {
  readonly #options: LineSplitterOptions;
  /** The line so far, when it spans chunks. */
  #buffer = Buffer.allocUnsafe(smallBuffer);
  #length = 0;
  #skipping: SkippedLine | undefined;

  constructor(options: LineSplitterOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, start);
      if (end === -1) break;
      this.#finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** What stands without a line break, as long as it is kept. The bytes are only good until more come. */
  get kept(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Forgets what stands without a line break. */
  drop(): void {
    this.#length = 0;
  }

  /** The stream ended: what stands without a line break counts as a line. */
  end(): void {
    if (this.#length > 0 || this.#skipping !== undefined) this.#finish(Buffer.alloc(0));
  }

  /** What there is of a line that is not finished, of an oversized one its beginning; only good until the next `push`. */
  get unfinished(): Buffer {
    if (this.#skipping !== undefined) return this.#skipping.seen().head;
    return this.#length === 0 ? nothing : this.#buffer.subarray(0, this.#length);
  }

  #finish(rest: Buffer): void {
    if (this.#skipping === undefined && this.#length === 0 && rest.length <= this.#options.maxLineBytes) {
      this.#emit(rest);
      return;
    }
    this.#keep(rest);
    if (this.#skipping !== undefined) {
      const line = this.#skipping;
      this.#skipping = undefined;
      this.#options.onOversized(line.seen());
      return;
    }
    const line = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length > smallBuffer) this.#buffer = Buffer.allocUnsafe(smallBuffer);
    this.#emit(line);
  }

  #emit(line: Buffer): void {
    this.#options.onLine(trimmedLine(line));
  }

  #keep(part: Buffer): void {
    if (this.#skipping !== undefined) {
      this.#skipping.push(part);
      return;
    }
    const length = this.#length + part.length;
    if (length > this.#options.maxLineBytes) {
      this.#startSkipping(part);
      return;
    }
    if (length > this.#buffer.length) this.#grow(length);
    part.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  #grow(length: number): void {
    const { maxLineBytes } = this.#options;
    const larger = Buffer.allocUnsafe(Math.min(Math.max(length, this.#buffer.length * 2), maxLineBytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #startSkipping(part: Buffer): void {
    this.#skipping = new SkippedLine();
    this.#skipping.push(this.#buffer.subarray(0, this.#length));
    this.#skipping.push(part);
    this.#length = 0;
    if (this.#buffer.length > smallBuffer) this.#buffer = Buffer.allocUnsafe(smallBuffer);
  }
}

/** A line without its CR and BOM. */
export function trimmedLine(line: Buffer): Buffer {
  const end = line.at(-1) === 0x0d ? line.length - 1 : line.length;
  const start = end >= 3 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0;
  return line.subarray(start, end);
}
