import type { ManagerError } from "../../base/errors/errors.ts";

export interface MessageLimits {
  /** Aborts when the stream has to end. */
  readonly signal: AbortSignal;
  /** How long the handler may take for its last word then. */
  readonly settleMs: number;
  /** What is thrown when it takes longer. */
  readonly abandoned: () => ManagerError;
  /** Called once when the stream has ended. */
  readonly onEnd: () => void;
}

/**
 * The messages of a handler. After its signal has aborted, one more message or error may come, its last word. It
 * listens to the signal once, not once a message.
 */
export class LimitedMessages<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: AsyncIterator<T>;
  readonly #limits: MessageLimits;
  /** Ends the wait for the next message. */
  #abandon: ((error: ManagerError) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastWords = 0;
  #ended = false;

  constructor(messages: AsyncIterable<T>, limits: MessageLimits) {
    this.#source = messages[Symbol.asyncIterator]();
    this.#limits = limits;
    limits.signal.addEventListener("abort", this.#onAbort);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#abandon = reject;
      if (this.#limits.signal.aborted) this.#onAbort();
      this.#source.next().then(
        (next) => resolve(this.#step(next)),
        (error: unknown) => {
          this.#end();
          reject(error);
        },
      );
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  #step(next: IteratorResult<T>): IteratorResult<T, undefined> | Promise<never> {
    this.#abandon = undefined;
    clearTimeout(this.#timer);
    const { signal, abandoned } = this.#limits;
    if (signal.aborted) this.#lastWords += 1;
    if (next.done !== true && this.#lastWords < 2) return next;
    this.#end();
    return next.done === true ? { done: true, value: undefined } : Promise.reject(abandoned());
  }

  readonly #onAbort = () => {
    const { settleMs, abandoned } = this.#limits;
    const abandon = this.#abandon;
    if (abandon === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#end();
      abandon(abandoned());
    }, settleMs);
  };

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#limits.signal.removeEventListener("abort", this.#onAbort);
    this.#limits.onEnd();
    // Not awaited: a handler that is stuck never returns.
    this.#source.return?.().catch(() => {});
  }
}
