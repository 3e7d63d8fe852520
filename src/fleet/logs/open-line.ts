/** How long nothing more of a line must come until what there is of it is shown. */
const lullMs = 500;

export interface OpenLineOptions {
  /** What there is of the line that is under way, as far as it may be shown; only good until more is read. */
  readonly read: () => Buffer;
  /** Shows a part of it that was not shown yet. */
  readonly show: (part: Buffer) => void;
}

const nothing = Buffer.alloc(0);

/**
 * The line under way in one stream. A question that waits for an answer has no line break, and nor has what a server
 * says when it hangs: once no more comes for a while, what there is of the line is shown, and later the rest.
 */
export class OpenLine {
  readonly #options: OpenLineOptions;
  #shown: Buffer = nothing;
  #timer: NodeJS.Timeout | undefined;
  /** More came since the timer was set. */
  #moved = false;
  #ended = false;

  constructor(options: OpenLineOptions) {
    this.#options = options;
  }

  /** Bytes came, and ended within a line. */
  received(): void {
    if (this.#timer !== undefined) this.#moved = true;
    else if (!this.#ended && this.#options.read().length > 0) this.#wait();
  }

  /** What there is of the line is shown now. */
  show(): void {
    const text = this.#options.read();
    const part = this.#restOf(text);
    if (part.length === 0) return;
    this.#shown = Buffer.concat([text.subarray(0, text.length - part.length), part]);
    this.#options.show(part);
  }

  /** A line ended: what was not shown of it. Undefined: what was shown was of another one, which never came to here. */
  finish(line: Buffer): Buffer | undefined {
    if (this.#shown.length === 0) return line;
    const common = Math.min(line.length, this.#shown.length);
    const isSame = line.subarray(0, common).equals(this.#shown.subarray(0, common));
    const rest = this.#restOf(line);
    this.#shown = nothing;
    return isSame ? rest : undefined;
  }

  /** Nothing is shown by itself any more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #restOf(line: Buffer): Buffer {
    return line.subarray(Math.min(line.length, this.#shown.length));
  }

  #wait(): void {
    this.#moved = false;
    this.#timer = setTimeout(() => this.#onLull(), lullMs).unref();
  }

  #onLull(): void {
    this.#timer = undefined;
    if (this.#moved && this.#options.read().length > 0) this.#wait();
    else this.show();
  }
}
