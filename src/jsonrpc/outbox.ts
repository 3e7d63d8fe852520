/** A line that waits to be written, or was. Its text is let go once written. */
export interface QueuedLine {
  text: string;
  state: "queued" | "written" | "dropped";
}

export interface OutboxOptions {
  /** Writes bytes; false means: not more before `drain`. */
  readonly write: (chunk: Buffer) => boolean;
  /** Most characters that may wait. */
  readonly maxQueuedChars: number;
}

/**
 * Lines on their way out. Those of one tick leave in one chunk, and while the other side does not read they wait here,
 * up to a bound.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** In the order of their arrival; a dropped line leaves at once, however long the other side does not read. */
  #queue = new Set<QueuedLine>();
  #queuedChars = 0;
  #state: "idle" | "scheduled" | "blocked" | "closed" = "idle";

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Queues one line, which must not hold a line break. Undefined: the queue is full. */
  push(text: string): QueuedLine | undefined {
    // Never written, and so never sent: whoever waits for its answer learns why when the connection's end is known.
    if (this.#state === "closed") return { text: "", state: "queued" };
    if (this.#queuedChars > 0 && this.#queuedChars + text.length > this.#options.maxQueuedChars) return undefined;
    const line: QueuedLine = { text, state: "queued" };
    this.#queue.add(line);
    this.#queuedChars += text.length;
    if (this.#state === "idle") {
      this.#state = "scheduled";
      process.nextTick(() => this.#flush());
    }
    return line;
  }

  /** Takes a line back that was not written yet. */
  drop(line: QueuedLine): void {
    if (line.state !== "queued") return;
    line.state = "dropped";
    this.#queue.delete(line);
    this.#queuedChars -= line.text.length;
  }

  /** The other side reads again. */
  drain(): void {
    if (this.#state === "blocked") this.#flush();
  }

  /** Nothing is written any more. */
  close(): void {
    this.#state = "closed";
    this.#queue.clear();
    this.#queuedChars = 0;
  }

  #flush(): void {
    if (this.#state === "closed") return;
    const lines = this.#queue;
    this.#queue = new Set();
    this.#queuedChars = 0;
    let chunk = "";
    for (const line of lines) {
      line.state = "written";
      chunk += `${line.text}\n`;
      line.text = "";
    }
    this.#state = chunk === "" || this.#options.write(Buffer.from(chunk)) ? "idle" : "blocked";
  }
}
