import { constants, type ServerHttp2Stream } from "node:http2";

/** As long as a caller may send nothing in the middle of a request's body, it may wait with the beginning. */
const maxBeginMs = 60_000;
/** And so long with the end: Node gives a request of HTTP/1.1 as much. */
const maxWholeMs = 300_000;
/** How long an answer that has ended may wait for its caller. */
const maxUntakenMs = 60_000;
/** Streams at once, over all connections. One is about 4 KB, whatever it asks for. */
const maxOpen = 50_000;
/** With half of them open, a request must begin within this. */
const maxBeginMsOfMany = 5_000;
const checkMs = 1_000;

export interface OpenStreamsOptions {
  /** Milliseconds since any moment. */
  readonly elapsedMs: () => number;
}

/**
 * The streams of HTTP/2 that have not ended, over all connections. A call has its deadline, and what its caller reads and
 * sends is watched by `UnreadAnswers`; here is what neither sees: a request of which nothing comes after its headers, one
 * that is sent a byte at a time, an answer that is there and is not taken.
 */
export class OpenStreams {
  readonly #elapsedMs: () => number;
  /** When each was opened: the oldest first. */
  readonly #opened = new Map<ServerHttp2Stream, number>();
  /** When an answer that has ended was first seen to wait for its caller. */
  readonly #untaken = new WeakMap<ServerHttp2Stream, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ elapsedMs }: OpenStreamsOptions) {
    this.#elapsedMs = elapsedMs;
  }

  /** False: there are too many, and the stream was refused, which tells its caller that it may try again. */
  add(stream: ServerHttp2Stream): boolean {
    if (this.#opened.size >= maxOpen) {
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

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#check();
      if (this.#opened.size > 0) this.#schedule();
    }, checkMs).unref();
  }

  #check(): void {
    const nowMs = this.#elapsedMs();
    const beginMs = this.#opened.size > maxOpen / 2 ? maxBeginMsOfMany : maxBeginMs;
    for (const [stream, openedMs] of this.#opened) {
      const ageMs = nowMs - openedMs;
      if (ageMs < beginMs) break;
      // Over HTTP/2 this says that there is too much of it: RESOURCE_EXHAUSTED to clients of gRPC.
      if (this.#isLate(stream, { ageMs, nowMs })) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
  }

  #isLate(stream: ServerHttp2Stream, { ageMs, nowMs }: { ageMs: number; nowMs: number }): boolean {
    if (!isWhole(stream)) return ageMs >= maxWholeMs || !stream.readableDidRead;
    if (!stream.writableEnded) return false;
    const sinceMs = this.#untaken.get(stream) ?? nowMs;
    this.#untaken.set(stream, sinceMs);
    return nowMs - sinceMs >= maxUntakenMs;
  }
}

/** Whether all of a stream's request has come. */
export function isWhole(stream: ServerHttp2Stream): boolean {
  return stream.endAfterHeaders || stream.readableEnded || stream.state.remoteClose === 1;
}
