import type { LineSplitter } from "./line-splitter.ts";

const defaultQuietMs = 200;
const closeBrace = 0x7d;

export interface UnfinishedLineOptions {
  readonly splitter: LineSplitter;
  /** What looks like the end of a message is taken for one when nothing comes after it for so long. Default: 200 ms. */
  readonly quietMs?: number | undefined;
  /** Takes the line, if it is what a call waits for; it is none otherwise. */
  readonly take: (line: Buffer) => boolean;
}

/** A line whose end its server does not write: some write a message without a line break, and wait. */
export class UnfinishedLine {
  readonly #options: UnfinishedLineOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UnfinishedLineOptions) {
    this.#options = options;
  }

  /** Bytes came. */
  grew(): void {
    if (this.#timer !== undefined) this.stop();
    const { splitter, quietMs = defaultQuietMs } = this.#options;
    if (splitter.kept.at(-1) === closeBrace) this.#timer = setTimeout(() => this.#look(), quietMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    const { splitter, take } = this.#options;
    if (take(splitter.kept)) splitter.drop();
  }
}
