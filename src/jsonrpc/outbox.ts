import { oneLine } from "../json/one-line.ts";
import type { ConnectionLimits } from "./connection-limits.ts";

/**
 * A line that waits to be written, or was. Its text has the line break, and is let go once it does not wait any more.
 */
export interface QueuedLine {
  text: string;
  /** The request that it is; other lines have none. */
  readonly id: number | undefined;
  readonly queuedAtMs: number;
  state: "queued" | "written" | "dropped";
}

export interface OutboxOptions {
  /** Writes bytes; false means: not more before `drain`. */
  readonly write: (chunk: Buffer) => boolean;
  readonly limits: ConnectionLimits;
  /** Longest time that a request may wait to be written. */
  readonly maxQueuedMs: number;
  /** Called with a request that waited for so long; it is not written any more. */
  readonly onOverdue: (id: number) => void;
  /** A clock that never goes back. */
  readonly now: () => number;
}

/** A chunk is closed at this length: what was handed on counts as sent, so not much more is than there is room for. */
const chunkChars = 64 * 1024;

/**
 * Lines on their way out. Those of one turn of the event loop leave in one chunk, and while the other side does not
 * read they wait here, up to a bound and for a bounded time.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** In the order of their arrival; a dropped line leaves at once, however long the other side does not read. */
  readonly #queue = new Set<QueuedLine>();
  /** Stands behind what has left, so that it never walks over the holes, and is only asked while something is there. */
  readonly #order = this.#queue.values();
  #queuedChars = 0;
  #state: "idle" | "scheduled" | "writing" | "blocked" | "closed" = "idle";
  /** One for all lines; runs only while some wait for the other side. */
  #overdueTimer: NodeJS.Timeout | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Queues one line, which must not hold a line break; `id` is the request's. Undefined: the queue is full. */
  push(text: string, id?: number): QueuedLine | undefined {
    if (this.#queuedChars > 0 && this.#queuedChars + text.length > this.#options.limits.maxQueuedChars)
      return undefined;
    return this.pushAnyway(text, id);
  }

  /** As `push`, even when the queue is full. */
  pushAnyway(text: string, id?: number): QueuedLine {
    // The one guard for every line that goes out: none has a character at which some reader would end it.
    // A text of pieces is copied whenever it is looked into: the break is added before, so that this happens once.
    const line: QueuedLine = { text: oneLine(`${text}\n`), id, state: "queued", queuedAtMs: this.#options.now() };
    // Never written, and so never sent: its caller learns why when the connection's end is known.
    if (this.#state === "closed") return line;
    this.#queue.add(line);
    this.#queuedChars += line.text.length;
    if (this.#state === "blocked") this.#startTimer();
    if (this.#state === "idle") {
      this.#state = "scheduled";
      setImmediate(() => this.#flush());
    }
    return line;
  }

  /** Takes a line back that was not written yet. */
  drop(line: QueuedLine): void {
    if (line.state !== "queued") return;
    line.state = "dropped";
    if (this.#queue.delete(line)) this.#queuedChars -= line.text.length;
    // Until the other side reads again, `#order` keeps what has left the queue.
    line.text = "";
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
    this.#stopTimer();
  }

  #flush(): void {
    if (this.#state === "closed") return;
    this.#state = "writing";
    let accepted = true;
    while (accepted && this.#queue.size > 0) accepted = this.#writeChunk();
    // What came in during a write may have ended everything.
    if (this.isClosed) return;
    this.#state = accepted ? "idle" : "blocked";
    if (this.#queue.size > 0) this.#startTimer();
    else this.#stopTimer();
  }

  /** Whether nothing is written any more. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  #writeChunk(): boolean {
    let chunk = "";
    while (this.#queue.size > 0 && chunk.length < chunkChars) {
      const line = this.#order.next().value;
      if (line === undefined) throw new Error("the outbox lost a line");
      chunk += line.text;
      this.drop(line);
      line.state = "written";
    }
    return this.#options.write(Buffer.from(chunk));
  }

  #startTimer(ms = this.#options.maxQueuedMs): void {
    this.#overdueTimer ??= setTimeout(() => this.#dropOverdue(), ms);
  }

  #stopTimer(): void {
    clearTimeout(this.#overdueTimer);
    this.#overdueTimer = undefined;
  }

  #dropOverdue(): void {
    this.#overdueTimer = undefined;
    const { maxQueuedMs, now, onOverdue } = this.#options;
    for (const line of this.#queue) {
      const leftMs = line.queuedAtMs + maxQueuedMs - now();
      if (leftMs > 0) {
        this.#startTimer(leftMs);
        return;
      }
      if (line.id === undefined) continue;
      this.drop(line);
      onOverdue(line.id);
    }
  }
}
