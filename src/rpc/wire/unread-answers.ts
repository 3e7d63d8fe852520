import type { EventEmitter } from "node:events";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Log } from "../../log.ts";
import type { NodeResponse } from "./node-handler.ts";

export interface UnreadOptions {
  /** Bytes that may wait for their callers, over all of them. */
  readonly maxBytes: number;
  readonly log: Log;
  /** Milliseconds since any moment. */
  readonly elapsedMs: () => number;
}

/** A caller must take something of its answer at least so often, as of a web server's. */
const maxIdleMs = 60_000;
/**
 * With too many bytes waiting, a caller that took nothing for so long loses its answer. Who reads slowly is seen to take
 * a megabyte at a time: the system hands on what it has room for only when a third of its buffer is free.
 */
const patienceMs = 5_000;
const checkMs = 1_000;

/**
 * The answers that callers have yet to read, and the requests that they have begun to send. Both are the manager's memory,
 * so a caller that takes, or sends, nothing for a minute loses its call, and its stream or connection with it. When more
 * waits than may, those that stood still for five seconds lose theirs, and at twice as much those that did for the longest
 * time.
 */
export class UnreadAnswers {
  readonly #options: UnreadOptions;
  readonly #changed = (answer: UnreadAnswer, bytes: number) => this.#note(answer, bytes);
  /** Who took something last is at the end. */
  readonly #waiting = new Set<UnreadAnswer>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UnreadOptions) {
    this.#options = options;
  }

  /** Bytes that wait now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Watches over an answer, until its response closes. */
  open(response: NodeResponse | ServerHttp2Stream): UnreadAnswer {
    const answer = this.watch(response);
    const carrier: EventEmitter = response;
    carrier.once("close", () => answer.close());
    return answer;
  }

  /** As open, of a request's body, too; whoever asks for it closes it. */
  watch(response: NodeResponse | ServerHttp2Stream): UnreadAnswer {
    return new UnreadAnswer(response, this.#changed);
  }

  #note(answer: UnreadAnswer, bytes: number): void {
    this.#bytes += bytes;
    this.#waiting.delete(answer);
    if (answer.bytes > 0) {
      answer.takenAtMs = this.#options.elapsedMs();
      this.#waiting.add(answer);
    }
    if (bytes > 0) this.#check(answer.takenAtMs);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#waiting.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#check(this.#options.elapsedMs());
        this.#schedule();
      }, checkMs).unref();
    }
  }

  #check(nowMs: number): void {
    const { maxBytes, log } = this.#options;
    for (const answer of this.#waiting) {
      const idleMs = nowMs - answer.takenAtMs;
      const isLast = this.#waiting.size === 1;
      const farTooMuch = this.#bytes > 2 * maxBytes && !isLast;
      if (!farTooMuch && idleMs < (this.#bytes > maxBytes ? patienceMs : maxIdleMs)) return;
      log.warn("gave up a call whose caller stands still", { bytes: answer.bytes, idleMs: Math.round(idleMs) });
      answer.giveUp();
    }
  }
}

/** The bytes of one answer that its caller has yet to take, or of one request that it has yet to send the rest of. */
export class UnreadAnswer {
  /** Undefined once it is closed: it then holds on to nothing, whoever holds on to it. */
  #response: NodeResponse | ServerHttp2Stream | undefined;
  readonly #changed: (answer: UnreadAnswer, bytes: number) => void;
  #bytes = 0;
  takenAtMs = 0;

  constructor(response: NodeResponse | ServerHttp2Stream, changed: (answer: UnreadAnswer, bytes: number) => void) {
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

  /** Nothing waits any more, whoever took it. */
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
  const stream = "stream" in response ? response.stream : "session" in response ? response : undefined;
  if (stream === undefined) response.destroy();
  else stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}
