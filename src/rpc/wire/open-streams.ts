import { constants, type ServerHttp2Stream } from "node:http2";

/** Late ones that are ended at once: each costs some microseconds, and there may be tens of thousands. */
const maxEndedAtOnce = 200;

export interface OpenStreamsLimits {
  /** Of a request's body nothing may come for so long. Default: a minute, as in the middle of it. */
  readonly beginMs: number;
  /** So long may it take until it is whole. Default: five minutes, as Node has it for HTTP/1.1. */
  readonly wholeMs: number;
  /** So long may an answer that has ended wait for its caller. Default: a minute. */
  readonly untakenMs: number;
  /** Streams at once, over all connections: one takes about 4 KB, whatever it asks for. Default: 50,000. */
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
  readonly limits?: Partial<OpenStreamsLimits> | undefined;
}

/**
 * The streams of HTTP/2 that have not ended, over all connections. A call has its deadline, and what its caller reads and
 * sends is watched by `UnreadAnswers`; here is what neither sees: a request of which nothing comes after its headers, one
 * that is sent a byte at a time, an answer that is there and is not taken.
 */
export class OpenStreams {
  readonly #elapsedMs: () => number;
  readonly #limits: OpenStreamsLimits;
  /** When each was opened: the oldest first. */
  readonly #opened = new Map<ServerHttp2Stream, number>();
  /** When an answer that has ended was first seen to wait for its caller. */
  readonly #untaken = new WeakMap<ServerHttp2Stream, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ elapsedMs, limits }: OpenStreamsOptions) {
    this.#elapsedMs = elapsedMs;
    this.#limits = { ...defaults, ...limits };
  }

  /** False: there are too many, and the stream was refused, which tells its caller that it may try again. */
  add(stream: ServerHttp2Stream): boolean {
    if (this.#opened.size >= this.#limits.maxOpen) {
      stream.on("error", () => {});
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return false;
    }
    this.#opened.set(stream, this.#elapsedMs());
    this.#schedule();
    return true;
  }

  delete(stream: ServerHttp2Stream): void {
    this.#opened.delete(stream);
  }

  #schedule(pauseMs = this.#limits.checkMs): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const isDone = this.#check();
      if (this.#opened.size > 0) this.#schedule(isDone ? undefined : 1);
    }, pauseMs).unref();
  }

  /** False: there are more to end. */
  #check(): boolean {
    let ended = 0;
    const nowMs = this.#elapsedMs();
    const { maxOpen, beginMsOfMany } = this.#limits;
    const beginMs = this.#opened.size > maxOpen / 2 ? beginMsOfMany : this.#limits.beginMs;
    for (const [stream, openedMs] of this.#opened) {
      const ageMs = nowMs - openedMs;
      if (ageMs < beginMs) break;
      // Told already, and its close is on its way.
      if (stream.closed) continue;
      // Over HTTP/2 this says that there is too much of it: RESOURCE_EXHAUSTED to clients of gRPC.
      if (!this.#isLate(stream, { ageMs, nowMs })) continue;
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      ended += 1;
      if (ended === maxEndedAtOnce) return false;
    }
    return true;
  }

  #isLate(stream: ServerHttp2Stream, { ageMs, nowMs }: { ageMs: number; nowMs: number }): boolean {
    if (!isWhole(stream)) return ageMs >= this.#limits.wholeMs || !stream.readableDidRead;
    if (!stream.writableEnded) return false;
    const sinceMs = this.#untaken.get(stream) ?? nowMs;
    this.#untaken.set(stream, sinceMs);
    return nowMs - sinceMs >= this.#limits.untakenMs;
  }
}

/** Whether all of a stream's request has come. */
export function isWhole(stream: ServerHttp2Stream): boolean {
  return stream.endAfterHeaders || stream.readableEnded || stream.state.remoteClose === 1;
}
