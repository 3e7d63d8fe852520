import { constants, type ServerHttp2Stream } from "node:http2";
import type { ClientConnection } from "./connections.ts";
import { isWhole } from "./whole-stream.ts";

/** Most late streams that are ended in one turn: each costs some microseconds, and there may be tens of thousands. */
const maxEndedAtOnce = 200;

export interface OpenStreamsLimits {
  /** How long the first bytes of a request's body may take. Default: a minute, as for any later bytes. */
  readonly beginMs: number;
  /** How long a request may take until it is whole. Default: five minutes, as Node has it for HTTP/1.1. */
  readonly wholeMs: number;
  /** How long a response that has ended may wait for its caller. Default: a minute. */
  readonly untakenMs: number;
  /** Most open streams, over all connections: one takes about 4 KB, whatever it asks for. Default: 50,000. */
  readonly maxOpen: number;
  /** With half of them open, `beginMs` is this. Default: 5 s. */
  readonly beginMsOfMany: number;
  /** Pause between two looks at them. Default: 1 s. */
  readonly checkMs: number;
}

const defaults: OpenStreamsLimits = {
  beginMs: 60_000,
  wholeMs: 300_000,
  untakenMs: 60_000,
  maxOpen: 50_000,
  beginMsOfMany: 5_000,
  checkMs: 1_000,
};

export interface OpenStreamsOptions {
  /** Milliseconds since any moment. */
  readonly elapsedMs: () => number;
  readonly connections: () => Iterable<ClientConnection>;
  readonly limits?: Partial<OpenStreamsLimits> | undefined;
}

/**
 * The open streams of HTTP/2, over all connections. Calls have their deadlines, and `TransferBudget` watches what
 * callers read and send. This watches what neither sees: a request without a body after its headers, a body that is
 * sent a byte at a time, a response that is complete and is not read.
 */
export class OpenStreams {
  readonly #elapsedMs: () => number;
  readonly #connections: () => Iterable<ClientConnection>;
  readonly #limits: OpenStreamsLimits;
  #size = 0;
  /** When a response that has ended was first seen to wait for its caller. */
  readonly #untaken = new WeakMap<ServerHttp2Stream, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ elapsedMs, connections, limits }: OpenStreamsOptions) {
    this.#elapsedMs = elapsedMs;
    this.#connections = connections;
    this.#limits = { ...defaults, ...limits };
  }

  /** False: there are too many, and the stream was refused, which tells its caller that it may try again. */
  add(stream: ServerHttp2Stream, { streams, usedAtMs }: ClientConnection): boolean {
    if (this.#size >= this.#limits.maxOpen) {
      stream.on("error", () => {});
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return false;
    }
    streams.set(stream, usedAtMs);
    this.#size += 1;
    this.#schedule();
    return true;
  }

  delete(stream: ServerHttp2Stream, { streams }: ClientConnection): void {
    if (streams.delete(stream)) this.#size -= 1;
  }

  #schedule(pauseMs = this.#limits.checkMs): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const isDone = this.#check();
      if (this.#size > 0) this.#schedule(isDone ? undefined : 1);
    }, pauseMs).unref();
  }

  /** False: there are more to end. */
  #check(): boolean {
    const { maxOpen, beginMsOfMany } = this.#limits;
    const beginMs = this.#size > maxOpen / 2 ? beginMsOfMany : this.#limits.beginMs;
    const look = { nowMs: this.#elapsedMs(), beginMs };
    let left = maxEndedAtOnce;
    for (const { streams } of this.#connections()) {
      left -= this.#endLate(streams, { ...look, most: left });
      if (left === 0) return false;
    }
    return true;
  }

  /** Ends those of one connection that are late, so many at most. Returns how many. */
  #endLate(
    streams: ClientConnection["streams"],
    { nowMs, beginMs, most }: { nowMs: number; beginMs: number; most: number },
  ): number {
    let ended = 0;
    for (const [stream, openedMs] of streams) {
      const ageMs = nowMs - openedMs;
      // The others are younger.
      if (ageMs < beginMs || ended === most) break;
      // A stream that is closed has been told; its close event is on its way.
      if (stream.closed || !this.#isLate(stream, { ageMs, nowMs })) continue;
      // Over HTTP/2 this says that there is too much of it: RESOURCE_EXHAUSTED to clients of gRPC.
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      ended += 1;
    }
    return ended;
  }

  #isLate(stream: ServerHttp2Stream, { ageMs, nowMs }: { ageMs: number; nowMs: number }): boolean {
    if (!isWhole(stream)) return ageMs >= this.#limits.wholeMs || !stream.readableDidRead;
    if (!stream.writableEnded) return false;
    const sinceMs = this.#untaken.get(stream) ?? nowMs;
    this.#untaken.set(stream, sinceMs);
    return nowMs - sinceMs >= this.#limits.untakenMs;
  }
}
