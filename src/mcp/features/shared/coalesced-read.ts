import type { AbortSource } from "../../../base/async/abort-source.ts";
import { Singleflight } from "../../../base/async/singleflight.ts";
import { within } from "../../../base/async/within.ts";
import { abortReason } from "../../../jsonrpc/connection-error.ts";

/** One that takes longer may never come, since a reply was lost: later callers do not wait for it. */
const maxJoinMs = 5_000;

type Work<T> = (signal: AbortSource) => Promise<T>;

interface Reading<T> {
  readonly work: Singleflight<T>;
  readonly ended: Promise<void>;
  /** When the server was asked, and how often it had changed by then; undefined: it is not yet. */
  begun: { readonly atMs: number; readonly changes: number | undefined } | undefined;
}

/**
 * What many ask a server for at the same time, asked twice at most: of one that does not say when it changes, a reply
 * that was asked for before somebody came may be older than what that one has just done, so it waits for the next.
 */
export class CoalescedRead<T> {
  readonly #changes: () => number | undefined;
  #last: Reading<T> | undefined;

  /** `changes` tells how often the server has said that it changed; undefined: it does not say. */
  constructor(changes: () => number | undefined) {
    this.#changes = changes;
  }

  /** `work` is done unless somebody else's can be joined. Throws what it throws, or what the signal says. */
  read(work: Work<T>, { signal }: { readonly signal?: AbortSource | undefined }): Promise<T> {
    const last = this.#last;
    const reading = last !== undefined && this.#isFresh(last) ? last : this.#begin(work, last);
    return reading.work.join({ signal, left: () => signal && abortReason(signal, "sent") });
  }

  #isFresh({ work, begun }: Reading<T>): boolean {
    if (work.abandoned) return false;
    if (begun === undefined) return true;
    return begun.changes !== undefined && begun.changes === this.#changes() && leftMs(begun) > 0;
  }

  #begin(work: Work<T>, before: Reading<T> | undefined): Reading<T> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const shared = new Singleflight<T>(async (signal) => {
      try {
        if (before?.begun !== undefined) {
          await within(leftMs(before.begun), Promise.race([before.ended, aborted(signal)]));
        }
        reading.begun = { atMs: performance.now(), changes: this.#changes() };
        return await work(signal);
      } finally {
        if (this.#last === reading) this.#last = undefined;
        end();
      }
    });
    const reading: Reading<T> = { work: shared, ended, begun: undefined };
    this.#last = reading;
    return reading;
  }
}

function leftMs({ atMs }: { readonly atMs: number }): number {
  return Math.max(0, atMs + maxJoinMs - performance.now());
}

function aborted(signal: AbortSource): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
