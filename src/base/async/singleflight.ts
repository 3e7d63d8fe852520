import type { AbortSource } from "./abort-source.ts";
/** Options of one caller of shared work. */
export interface JoinOptions {
  /** The caller's own deadline and cancel. */
  readonly signal?: AbortSource | undefined;
  /** The error of a caller that leaves while others stay, from its signal's reason. Default: the reason. */
  readonly left?: ((reason: unknown) => unknown) | undefined;
}

/**
 * Work that is done once for all who ask for it while it is under way. Each caller may leave on its own; the work is
 * cancelled when the last one does, with that one's reason, and the last one gets what the work then says of its end:
 * it knows how far it got. So the work must end when its signal aborts.
 */
export class Singleflight<T> {
  readonly #controller = new AbortController();
  readonly #outcome: Promise<T>;
  #callers = 0;

  /** Begins the work after this turn. Its maker joins it at once: nobody else could cancel it. */
  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#outcome = Promise.resolve().then(() => work(this.#controller.signal));
    this.#outcome.catch(() => {}); // Every waiter gets the error.
  }

  /** Whether the last caller left, so that nobody waits for the outcome. */
  get abandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The work's outcome, for one more caller. */
  join({ signal, left = (reason) => reason }: JoinOptions): Promise<T> {
    this.#callers += 1;
    if (signal === undefined) return this.#outcome;
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#callers -= 1;
        if (this.#callers === 0) this.#controller.abort(signal.reason);
        else reject(left(signal.reason));
      };
      const done = () => signal.removeEventListener("abort", leave);
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      this.#outcome.finally(done).then(resolve, reject);
    });
  }
}
