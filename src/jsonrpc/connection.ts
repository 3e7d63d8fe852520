import type { AbortSource } from "../base/async/abort-source.ts";
import type { ManagerError } from "../base/errors/errors.ts";
import { abortReason, type ConnectionEnd, endError, notRead, outboxFull } from "./connection-error.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { type ConnectionListener, Inbound, type Reply } from "./inbound.ts";
import { Outbox, type QueuedLine } from "./outbox.ts";
import { UnansweredLines } from "./unanswered-lines.ts";

export type { ConnectionListener, Reply, ServerRequest } from "./inbound.ts";

export interface ConnectionOptions {
  readonly write: (chunk: Buffer) => boolean;
  readonly listener: ConnectionListener;
  /** First request id, at least 1. After a re-attach it must be a new random one, so that stale replies match nothing. */
  readonly firstId: number;
  readonly limits: ConnectionLimits;
  /** How long a request may wait for the other side to read. Default: 30 s. */
  readonly maxQueuedMs?: number;
  /** How long a reply may stand without a line break before it is taken for one. Default: 200 ms. */
  readonly quietMs?: number;
}

const defaultMaxQueuedMs = 30_000;

export interface RequestOptions {
  /** Ends the wait. Its reason must be a ManagerError (`deadline`, `cancelled`, …), which the request throws. */
  readonly signal?: AbortSource | undefined;
  /** Called when a written request is given up, with its id. */
  readonly onAbandoned?: (id: number, reason: ManagerError) => void;
  /** A long-lived request, such as a subscription. A reply whose id can't be read is not taken for its. */
  readonly longLived?: boolean;
}

type Outcome = { readonly reply: Reply } | { readonly failure: ManagerError };

/**
 * A request without a reply. Once it has one it holds on to nothing: a table that V8 has replaced by another keeps what
 * was in it until the next great collection.
 */
class Pending {
  readonly line: QueuedLine;
  readonly longLived: boolean;
  #end: ((outcome: Outcome) => void) | undefined;

  constructor(line: QueuedLine, options: { readonly longLived: boolean; readonly end: (outcome: Outcome) => void }) {
    this.line = line;
    this.longLived = options.longLived;
    this.#end = options.end;
  }

  settle(reply: Reply): void {
    this.#finish({ reply });
  }

  fail(failure: ManagerError): void {
    this.#finish({ failure });
  }

  #finish(outcome: Outcome): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(outcome);
  }
}

/**
 * Request ids <-> replies over one stream of newline-delimited JSON. Any number of requests may be in flight; replies
 * come in any order. Every request ends: with its reply, by its signal, or when the connection ends.
 */
export class Connection {
  readonly #outbox: Outbox;
  readonly #inbound: Inbound;
  readonly #pending = new Map<number, Pending>();
  readonly #unanswered = new UnansweredLines();
  readonly #firstId: number;
  #nextId: number;
  #end: ConnectionEnd | undefined;

  constructor(options: ConnectionOptions) {
    this.#firstId = options.firstId;
    this.#nextId = options.firstId;
    const { write, limits, maxQueuedMs = defaultMaxQueuedMs } = options;
    this.#outbox = new Outbox({
      write,
      limits,
      maxQueuedMs,
      onOverdue: (id) => this.#pending.get(id)?.fail(notRead(maxQueuedMs)),
      now: () => performance.now(),
    });
    this.#inbound = new Inbound({
      ...options,
      requests: {
        anyAwaited: () => this.#pending.size > 0,
        onlyOne: (code) => this.#onlyOne(code),
        isOurs: (id) => this.#isOurs(id),
        awaits: (id) => this.#pending.get(id)?.line.state === "written",
        settle: (id, reply) => this.#settle(id, reply),
        fail: (id, error) => this.#pending.get(id)?.fail(error),
        failSomebody: (error) => this.#failWritten(error),
      },
    });
  }

  /** Requests without a reply. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Whether a request of this id was written and has no reply yet. */
  awaits(id: number): boolean {
    return this.#pending.get(id)?.line.state === "written";
  }

  /**
   * Sends a request; `params` is JSON text without line breaks, or what makes it of the request's id (and throws before
   * anything is sent). Throws by kind: `too_much` (the other side does not
   * read, and too much waits for it), `unavailable` (not read for too long, or ended before the request was written),
   * `call_lost` (ended after), `protocol` (a broken reply), or the signal's reason.
   */
  request(method: string, params: string | ((id: number) => string), options: RequestOptions = {}): Promise<Reply> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(abortReason(signal, "not_sent"));
    if (this.#end !== undefined) return Promise.reject(endError(this.#end, "not_sent"));
    const id = this.#nextId++;
    const members = typeof params === "string" ? params : params(id);
    const text = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${members}}`;
    const line = this.#outbox.push(text, id);
    if (line === undefined) return Promise.reject(outboxFull());
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#abandon(id, options);
      const end = (outcome: Outcome) => {
        this.#pending.delete(id);
        if (this.#pending.size === 0) this.#inbound.settled();
        signal?.removeEventListener("abort", onAbort);
        if ("reply" in outcome) resolve(outcome.reply);
        else reject(outcome.failure);
      };
      this.#pending.set(id, new Pending(line, { longLived: options.longLived ?? false, end }));
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /**
   * Sends a notification, also while the other side does not read: there is at most one for each request that was
   * written. False: it was dropped, for nothing is written any more.
   */
  notify(method: string, params: string): boolean {
    this.#unanswered.notified(this.#nextId);
    this.#outbox.pushAnyway(`{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}`);
    return !this.#outbox.isClosed;
  }

  /** Answers a request of the other side; `id` and `result` are JSON text. */
  respond(id: string, result: string): void {
    this.#unanswered.added(this.#nextId);
    this.#outbox.push(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  }

  /** Refuses a request of the other side. */
  respondError(id: string, error: { code: number; message: string }): void {
    this.#unanswered.added(this.#nextId);
    this.#outbox.push(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`);
  }

  /** The other side may have lines and requests before it that are not this connection's. */
  resumes(): void {
    this.#unanswered.added(this.#nextId);
  }

  /** Bytes from the other side. The connection keeps none of the chunk. */
  receive(chunk: Buffer): void {
    this.#inbound.push(chunk);
  }

  /** What there is of a line that the other side has not finished; only good until the next `receive`. */
  get unfinished(): Buffer {
    return this.#inbound.unfinished;
  }

  /** The other side reads again. */
  drain(): void {
    this.#outbox.drain();
  }

  /** No more bytes come, and none are written: an unfinished line counts as a line. `end` follows with the reason. */
  endOfInput(): void {
    this.#inbound.end();
    this.#outbox.close();
  }

  /** Retires every pending request at once, by whether it was written. Idempotent. */
  end(end: ConnectionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#outbox.close();
    for (const pending of [...this.#pending.values()]) {
      pending.fail(endError(end, pending.line.state === "written" ? "sent" : "not_sent"));
    }
  }

  #abandon(id: number, options: RequestOptions): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || options.signal === undefined) return;
    const written = pending.line.state === "written";
    const reason = abortReason(options.signal, written ? "sent" : "not_sent");
    this.#outbox.drop(pending.line);
    pending.fail(reason);
    if (written) this.#unanswered.abandoned(id);
    if (written) options.onAbandoned?.(id, reason);
  }

  #settle(id: number, reply: Reply): boolean {
    const pending = this.#pending.get(id);
    if (this.#isOurs(id)) this.#unanswered.replied(id);
    pending?.settle(reply);
    return pending !== undefined;
  }

  /** Whether a request had this id; each does once. */
  #isOurs(id: number): boolean {
    return id >= this.#firstId && id < this.#nextId;
  }

  /** The only request that an error can be for; undefined: of several, or of what was asked before, nobody knows. */
  #onlyOne(code: number): number | undefined {
    if (this.#unanswered.mayBeFor(code)) return undefined;
    let only: number | undefined;
    for (const [id, { line, longLived }] of this.#pending) {
      if (line.state !== "written" || longLived) continue;
      if (only !== undefined) return undefined;
      only = id;
    }
    return only;
  }

  /** A reply whose owner nobody knows: any of the requests that were written. Of several, none knows its outcome. */
  #failWritten(error: ManagerError): void {
    const written = [...this.#pending.values()].filter(({ line, longLived }) => line.state === "written" && !longLived);
    for (const pending of written) pending.fail(written.length === 1 ? error : error.with({ delivery: "sent" }));
  }
}
