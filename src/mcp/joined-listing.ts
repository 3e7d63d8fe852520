import type { RequestOptions } from "../jsonrpc/connection.ts";
import { abortReason } from "../jsonrpc/connection-error.ts";
import { SharedWork } from "../shared-work.ts";
import { within } from "../within.ts";
import type { Tool } from "./tool.ts";

/** One that takes longer may never come, for an answer was lost: who asks then does not wait for it. */
const maxJoinMs = 5_000;

interface Fetch {
  readonly work: SharedWork<readonly Tool[]>;
  readonly ended: Promise<void>;
  /** When the server was asked, and how often its tools had changed by then; undefined: it is not yet. */
  begun: { readonly atMs: number; readonly changes: number } | undefined;
}

export interface JoinedOptions {
  /** Asks the server for all pages. */
  readonly fetch: (options: RequestOptions) => Promise<readonly Tool[]>;
  /** How often the server has said that its tools changed; undefined: it does not say. */
  readonly changes: () => number | undefined;
}

/**
 * Many who ask at once cost the server two listings at most: of one that does not say when its tools change, a listing
 * that was asked for before somebody came may be older than what that one has just done, so it waits for the next.
 */
export class JoinedListing {
  readonly #options: JoinedOptions;
  #last: Fetch | undefined;

  constructor(options: JoinedOptions) {
    this.#options = options;
  }

  get({ signal, onAbandoned }: RequestOptions): Promise<readonly Tool[]> {
    const last = this.#last;
    const fetch = last !== undefined && this.#isFresh(last) ? last : this.#begin({ onAbandoned, after: last });
    return fetch.work.join({
      signal,
      left: () => (signal === undefined ? undefined : abortReason(signal, "sent")),
    });
  }

  #isFresh({ work, begun }: Fetch): boolean {
    if (work.abandoned) return false;
    if (begun === undefined) return true;
    return begun.changes === this.#options.changes() && leftMs(begun) > 0;
  }

  #begin(options: { onAbandoned: RequestOptions["onAbandoned"] | undefined; after: Fetch | undefined }): Fetch {
    const { onAbandoned, after } = options;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const work = new SharedWork(async (signal) => {
      try {
        if (after?.begun !== undefined) await within(leftMs(after.begun), Promise.race([after.ended, aborted(signal)]));
        fetch.begun = { atMs: performance.now(), changes: this.#options.changes() ?? -1 };
        return await this.#options.fetch({ signal, ...(onAbandoned === undefined ? {} : { onAbandoned }) });
      } finally {
        if (this.#last === fetch) this.#last = undefined;
        end();
      }
    });
    const fetch: Fetch = { work, ended, begun: undefined };
    this.#last = fetch;
    return fetch;
  }
}

function leftMs({ atMs }: { readonly atMs: number }): number {
  return Math.max(0, atMs + maxJoinMs - performance.now());
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
