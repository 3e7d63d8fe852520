import type { Requests, SignalOption, TracedOptions } from "../../conversation/requests.ts";
import { CoalescedRead } from "./coalesced-read.ts";
import type { ChangingList, ListChanges } from "./list-changes.ts";
import { type Listed, type ListKind, listEntries } from "./list-entries.ts";

/** A larger listing is asked for each time: the manager may have many servers. */
const maxKeptChars = 4 * 1024 * 1024;

/**
 * Told of each listing that was read whole: the member of a page that has it, and its entries as the server wrote them.
 */
export type OnListed = (member: string, entries: readonly string[]) => void;

export interface ListingOptions<T> {
  readonly requests: Requests;
  readonly changes: ListChanges;
  readonly kind: ListKind<T>;
  /** What tells that this listing changed. */
  readonly changesWith: ChangingList;
  readonly onListed?: OnListed | undefined;
  /** Told, in a sentence for people, why a listing is not whole. */
  readonly remark: (text: string) => void;
}

/**
 * What one server lists of one kind. It is kept for as long as the server has promised to say when it changes, and has
 * not said so; of a server that promises nothing it is asked for each time. Those who want it meanwhile share it.
 */
export class Listing<T> {
  readonly #options: ListingOptions<T>;
  readonly #joined: CoalescedRead<Listed<T>>;
  /** What may have changed since. */
  #last: readonly T[] | undefined;
  #kept: { readonly listed: Listed<T>; readonly count: number } | undefined;

  constructor(options: ListingOptions<T>) {
    const { changes, changesWith } = options;
    this.#options = options;
    this.#joined = new CoalescedRead(() => (changes.watches(changesWith) ? changes.count(changesWith) : undefined));
  }

  /** The entries of `listed`. */
  async get(options: TracedOptions): Promise<readonly T[]> {
    return (await this.listed(options)).entries;
  }

  /**
   * All entries, or why some are missing. A request that this takes is a part of the trace, but goes without its
   * baggage: a server that answers by it would give one caller's listing to all. Throws what `listEntries` throws.
   */
  async listed({ trace = {}, ...options }: TracedOptions): Promise<Listed<T>> {
    const { changes, changesWith } = this.#options;
    const { traceparent, tracestate } = trace;
    if (this.#kept?.count === changes.count(changesWith)) return this.#kept.listed;
    this.#kept = undefined;
    return this.#joined.read((signal) => this.#fetch({ signal, trace: { traceparent, tracestate } }), options);
  }

  async #fetch(options: TracedOptions): Promise<Listed<T>> {
    const { requests, changes, kind, changesWith, onListed, remark } = this.#options;
    const count = changes.count(changesWith);
    const listed = await listEntries(requests, { ...options, kind });
    const { entries, texts, chars } = listed;
    const why = listed.incomplete ?? listed.limit?.message;
    if (why !== undefined) remark(why);
    // One that changed meanwhile may be a mixture of both, and one that is not whole may be so the next time.
    const settled = changes.count(changesWith) === count && why === undefined;
    if (settled && changes.watches(changesWith) && chars <= maxKeptChars) this.#kept = { listed, count };
    this.#last = chars <= maxKeptChars ? entries : undefined;
    if (settled && chars <= maxKeptChars) onListed?.(kind.member, texts);
    return listed;
  }

  /** Whether an entry was like this when the server listed them last. */
  had(isIt: (entry: T) => boolean): boolean {
    return this.#last?.some(isIt) === true;
  }

  /** Whether no entry is like this; false, too, when the server can't list all of them now. */
  async lacks(isIt: (entry: T) => boolean, options: SignalOption): Promise<boolean> {
    try {
      const { entries, incomplete, limit } = await this.listed(options);
      return incomplete === undefined && limit === undefined && !entries.some(isIt);
    } catch {
      return false;
    }
  }
}
