import type { EventEmitter } from "node:events";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Log } from "../../base/log/log.ts";
import type { NodeResponse } from "../handlers/node-handler.ts";

export interface TransferBudgetOptions {
  /** Bytes that may wait for their callers, over all of them. */
  readonly maxBytes: number;
  readonly log: Log;
  /** Milliseconds since any moment. */
  readonly elapsedMs: () => number;
}

/** A caller must read something of its response at least this often, as with a usual web server. */
const maxIdleMs = 60_000;
/**
 * With too many bytes waiting, a caller that took nothing for so long loses its response. A slow reader is seen to take
 * a megabyte at a time: the system hands on what it has room for only when a third of its buffer is free.
 */
const patienceMs = 5_000;
const checkMs = 1_000;

/**
 * Counts the responses that callers have yet to read, and the requests that they have begun to send: both are in the
 * manager's memory. A caller that reads or sends nothing for a minute loses its call, with its stream or connection.
 * When more bytes wait than the maximum, callers that stood still for five seconds lose theirs; at twice the maximum,
 * those that stood still for the longest time.
 */
export class TransferBudget {
  readonly #options: TransferBudgetOptions;
  readonly #waitingChanged: Changed = (transfer, bytes) => this.#note(transfer, { bytes, among: this.#waiting });
  readonly #stayingChanged: Changed = (transfer, bytes) => this.#note(transfer, { bytes, among: this.#staying });
  /** In the order of when their callers last read something, the latest at the end. */
  readonly #waiting = new Set<Transfer>();
  /** Transfers that may stay unread while there is room, in the same order; they are given up first. */
  readonly #staying = new Set<Transfer>();
  /** The transfer whose caller read something last. */
  #newest: Transfer | undefined;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TransferBudgetOptions) {
    this.#options = options;
  }

  /** Bytes that wait now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Watches a response until it closes. `mayStay`: it may stay unread as long as there is room. */
  open(response: NodeResponse | ServerHttp2Stream, { mayStay = false } = {}): Transfer {
    const transfer = new Transfer(response, mayStay ? this.#stayingChanged : this.#waitingChanged);
    const carrier: EventEmitter = response;
    carrier.once("close", () => transfer.close());
    return transfer;
  }

  /** As open, for a request's body, too. The caller of this closes it. */
  watch(response: NodeResponse | ServerHttp2Stream): Transfer {
    return new Transfer(response, this.#waitingChanged);
  }

  #note(transfer: Transfer, { bytes, among }: { bytes: number; among: Set<Transfer> }): void {
    this.#bytes += bytes;
    if (transfer.bytes > 0) {
      transfer.takenAtMs = this.#options.elapsedMs();
      // A body may come a byte at a time.
      if (transfer !== this.#newest) {
        among.delete(transfer);
        among.add(transfer);
        this.#newest = transfer;
      }
    } else {
      among.delete(transfer);
      if (transfer === this.#newest) this.#newest = undefined;
    }
    // The timer finds those that stand still while there is room.
    if (bytes > 0 && this.#bytes > this.#options.maxBytes) this.#check(transfer.takenAtMs);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#waiting.size + this.#staying.size === 0) return;
    // A timer that is not needed any more is left to run out: most responses are read at once.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#check(this.#options.elapsedMs());
      this.#schedule();
    }, checkMs).unref();
  }

  #check(nowMs: number): void {
    const { maxBytes } = this.#options;
    for (const transfer of this.#staying) {
      const isTooLong = this.#bytes > maxBytes && nowMs - transfer.takenAtMs >= patienceMs;
      if (this.#bytes <= 2 * maxBytes && !isTooLong) break;
      this.#giveUp(transfer, nowMs);
    }
    for (const transfer of this.#waiting) {
      const isLast = this.#waiting.size === 1;
      const farTooMuch = this.#bytes > 2 * maxBytes && !isLast;
      const patience = this.#bytes > maxBytes ? patienceMs : maxIdleMs;
      if (!farTooMuch && nowMs - transfer.takenAtMs < patience) return;
      this.#giveUp(transfer, nowMs);
    }
  }

  #giveUp(transfer: Transfer, nowMs: number): void {
    const idleMs = Math.round(nowMs - transfer.takenAtMs);
    this.#options.log.warn("gave up a call whose caller takes or sends nothing", { bytes: transfer.bytes, idleMs });
    transfer.giveUp();
  }
}

type Changed = (transfer: Transfer, bytes: number) => void;

/** The bytes of one response that its caller has yet to take, or of one request that it has yet to send the rest of. */
export class Transfer {
  /** Undefined once it is closed: it then keeps nothing in memory. */
  #response: NodeResponse | ServerHttp2Stream | undefined;
  readonly #changed: Changed;
  #bytes = 0;
  takenAtMs = 0;

  constructor(response: NodeResponse | ServerHttp2Stream, changed: Changed) {
    this.#response = response;
    this.#changed = changed;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** So many bytes more wait, or, below zero, fewer. */
  add(bytes: number): void {
    if (this.#response === undefined) return;
    this.#bytes += bytes;
    this.#changed(this, bytes);
  }

  /** Nothing waits any more. */
  close(): void {
    this.add(-this.#bytes);
    this.#response = undefined;
  }

  giveUp(): void {
    const response = this.#response;
    this.close();
    if (response !== undefined) giveUp(response);
  }
}

/** Over HTTP/2 this is the stream's end alone, and says why: RESOURCE_EXHAUSTED to clients of gRPC. */
function giveUp(response: NodeResponse | ServerHttp2Stream): void {
  if ("stream" in response) response.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  else if ("session" in response) response.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  // Ending a response that is behind another one would have to wait for that one's end.
  else response.req.socket.destroy();
}
