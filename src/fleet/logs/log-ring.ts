import { type Changes, Notifier } from "../../base/async/notifier.ts";
import type { LogEntry, LogEvent } from "./log-entry.ts";

/** What an entry costs besides its text. */
const entryOverheadBytes = 160;

export interface LogRingOptions {
  readonly maxBytes: number;
  readonly now: () => number;
}

/** The recent log entries of one server, bounded in bytes: the oldest go first. */
export class LogRing {
  /** When this ring began, which tells its cursors from those of a ring before it. */
  readonly epochMs: number;
  readonly #options: LogRingOptions;
  #entries: LogEntry[] = [];
  /** Index of the first entry that counts; those before it wait for the next compaction. */
  #start = 0;
  #bytes = 0;
  #nextOrdinal = 0;
  #strayLines = 0;
  #lateReplies = 0;
  #oomKills = 0;
  readonly #changes = new Notifier();
  #closed = false;

  constructor(options: LogRingOptions) {
    this.#options = options;
    this.epochMs = options.now();
  }

  /** What is counted of a server, whichever container it was in. */
  get counters() {
    return {
      /** Lines on stdout that were no message, those that the ring dropped included. */
      strayLines: this.#strayLines,
      /** Replies that nobody waited for. They are not shown: of all that goes into the log these alone are protocol. */
      lateReplies: this.#lateReplies,
      /** Processes that the kernel ended for lack of memory, as the engine told. */
      oomKills: this.#oomKills,
    };
  }

  countLateReply(): void {
    this.#lateReplies += 1;
  }

  countOomKill(): void {
    this.#oomKills += 1;
  }

  append(instance: string, event: LogEvent): void {
    if (this.#closed) return;
    if (event.kind === "line" && event.source === "stdout" && !event.flags.partial) this.#strayLines += 1;
    this.#entries.push({ ordinal: this.#nextOrdinal++, timeMs: this.#options.now(), instance, event });
    this.#bytes += sizeOf(event);
    while (this.#bytes > this.#options.maxBytes && this.#entries.length - this.#start > 1) this.#evict();
    // At half, the cost of a copy is linear, and what was dropped is never held for long.
    if (this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
    this.#changes.notify();
  }

  /** What its entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /** Puts what was before this ring in front of it, as much of the newest as there is room for. */
  prepend(past: LogRing): void {
    const older: LogEntry[] = [];
    let ordinal = this.firstOrdinal;
    for (let at = past.nextOrdinal - 1; at >= past.firstOrdinal; at -= 1) {
      const entry = past.at(at);
      if (entry === undefined || this.#bytes + sizeOf(entry.event) > this.#options.maxBytes) break;
      this.#bytes += sizeOf(entry.event);
      ordinal -= 1;
      older.push({ ...entry, ordinal });
    }
    this.#entries = [...older.reverse(), ...this.#entries.slice(this.#start)];
    this.#start = 0;
  }

  /** Nothing comes any more; followers end after what there is. */
  close(): void {
    this.#closed = true;
    this.#changes.notify();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Ordinal of the oldest entry that is still there, or of the next one. */
  get firstOrdinal(): number {
    return this.#entries[this.#start]?.ordinal ?? this.#nextOrdinal;
  }

  get nextOrdinal(): number {
    return this.#nextOrdinal;
  }

  /** The entry with this ordinal, if it is there. */
  at(ordinal: number): LogEntry | undefined {
    return ordinal < this.firstOrdinal ? undefined : this.#entries[this.#start + ordinal - this.firstOrdinal];
  }

  /** Tells of each append and of the close. */
  get changes(): Changes {
    return this.#changes;
  }

  #evict(): void {
    const oldest = this.#entries[this.#start];
    if (oldest === undefined) return;
    this.#bytes -= sizeOf(oldest.event);
    this.#start += 1;
  }
}

function sizeOf(event: LogEvent): number {
  return entryOverheadBytes + 2 * (event.kind === "line" ? charsOfLine(event) : event.message.length);
}

function charsOfLine({ text, flags }: Extract<LogEvent, { kind: "line" }>): number {
  const { level = "", logger = "", extraJson = "" } = flags;
  return text.length + level.length + logger.length + extraJson.length;
}
