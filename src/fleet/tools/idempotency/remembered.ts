import type { Outcome } from "./outcome.ts";
import { outcomeBytes } from "./outcome.ts";

/** A call that has ended, under its key. */
export interface Ended {
  readonly digest: string;
  readonly untilMs: number;
  readonly delivery: "sent" | "answered";
  /** Undefined: it had to make room; the rest is its tombstone. */
  outcome: Outcome | undefined;
}

interface Link extends Ended {
  readonly key: string;
  readonly bytes: number;
  next: Link | undefined;
}

export interface RememberedOptions {
  readonly windowMs: number;
  readonly maxBytes: number;
  /** Milliseconds since any moment. */
  readonly elapsedMs: () => number;
}

/**
 * Ended calls by their keys, each for the same time. What they keep in memory is bounded: the oldest lose their outcome
 * first, and are tombstones for the rest of their time. All are one list in the order of their ends, in which two marks
 * move on: who is next to be forgotten, and who is next to make room.
 */
export class Remembered {
  readonly #options: RememberedOptions;
  readonly #byKey = new Map<string, Link>();
  #oldest: Link | undefined;
  #oldestKept: Link | undefined;
  #newest: Link | undefined;
  #bytes = 0;

  constructor(options: RememberedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** What the outcomes take, at most `maxBytes`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How long until the next one is forgotten; undefined: there is none. */
  get nextMs(): number | undefined {
    return this.#oldest === undefined ? undefined : this.#oldest.untilMs - this.#options.elapsedMs();
  }

  get(key: string): Ended | undefined {
    this.forgetOld();
    return this.#byKey.get(key);
  }

  /** Forgets those whose time is over. */
  forgetOld(): void {
    const nowMs = this.#options.elapsedMs();
    while (this.#oldest !== undefined && this.#oldest.untilMs <= nowMs) {
      const old = this.#oldest;
      this.#byKey.delete(old.key);
      this.#oldest = old.next;
      if (old === this.#oldestKept) this.#dropOldestKept();
    }
    if (this.#oldest === undefined) this.#newest = undefined;
  }

  /** Adds one whose key is not there. */
  add(key: string, { digest, outcome }: { digest: string; outcome: Outcome }): void {
    const { windowMs, maxBytes, elapsedMs } = this.#options;
    const bytes = outcomeBytes(outcome);
    const delivery = outcome.kind === "error" && outcome.details.delivery === "sent" ? "sent" : "answered";
    const link: Link = { key, digest, untilMs: elapsedMs() + windowMs, delivery, bytes, outcome, next: undefined };
    this.#byKey.set(key, link);
    if (this.#newest === undefined) this.#oldest = link;
    else this.#newest.next = link;
    this.#newest = link;
    this.#oldestKept ??= link;
    this.#bytes += bytes;
    while (this.#bytes > maxBytes) this.#dropOldestKept();
  }

  #dropOldestKept(): void {
    const link = this.#oldestKept;
    if (link === undefined) return;
    link.outcome = undefined;
    this.#bytes -= link.bytes;
    this.#oldestKept = link.next;
  }
}
