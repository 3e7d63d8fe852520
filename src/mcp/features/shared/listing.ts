import type { Requests, SignalOption, TracedOptions } from "../../conversation/requests.ts";
import { CoalescedRead } from "./coalesced-read.ts";
import type { ChangingList, ListChanges } from "./list-changes.ts";
import { type ListKind, listEntries } from "./list-entries.ts";

/** A larger listing is asked for each time: the manager may have many servers. */
const maxKeptChars = 4 * 1024 * 1024;

export interface ListingOptions<T> {
  readonly requests: Requests;
  readonly changes: ListChanges;
  readonly kind: ListKind<T>;
  /** What tells that this listing changed. */
  readonly changesWith: ChangingList;
}

/**
 * What one server lists of one kind. It is kept for as long as the server has promised to say when it changes, and has
 * not said so; of a server that promises nothing it is asked for each time. Those who want it meanwhile share it.
 */
export class Listing<T> {
  readonly #options: ListingOptions<T>;
  readonly #joined: CoalescedRead<readonly T[]>;
  /** What may have changed since. */
  #last: readonly T[] | undefined;
  #kept: { readonly entries: readonly T[]; readonly count: number } | undefined;

  constructor(options: ListingOptions<T>) {
    const { changes, changesWith } = options;
    this.#options = options;
    this.#joined = new CoalescedRead(() => (changes.watches(changesWith) ? changes.count(changesWith) : undefined));
  }

  /**
   * All entries. A request that this takes is a part of the trace, but goes without its baggage: a server that answers by
   * it would give one caller's listing to all. Throws what `listEntries` throws.
   */
  async get({ trace = {}, ...options }: TracedOptions): Promise<readonly T[]> {
    const { changes, changesWith } = this.#options;
    const { traceparent, tracestate } = trace;
    if (this.#kept?.count === changes.count(changesWith)) return this.#kept.entries;
    this.#kept = undefined;
    return this.#joined.read((signal) => this.#fetch({ signal, trace: { traceparent, tracestate } }), options);
  }

  async #fetch(options: TracedOptions): Promise<readonly T[]> {
    const { requests, changes, kind, changesWith } = this.#options;
    const count = changes.count(changesWith);
    const { entries, chars } = await listEntries(requests, { ...options, kind });
    // One that changed meanwhile may be a mixture of both.
    const keep = changes.watches(changesWith) && changes.count(changesWith) === count && chars <= maxKeptChars;
    if (keep) this.#kept = { entries, count };
    this.#last = chars <= maxKeptChars ? entries : undefined;
    return entries;
  }

  /** Whether an entry was like this when the server listed them last. */
  had(isIt: (entry: T) => boolean): boolean {
    return this.#last?.some(isIt) === true;
  }

  /** Whether no entry is like this; false, too, when the server can't list them now. */
  async lacks(isIt: (entry: T) => boolean, options: SignalOption): Promise<boolean> {
    try {
      return !(await this.get(options)).some(isIt);
    } catch {
      return false;
    }
  }
}
