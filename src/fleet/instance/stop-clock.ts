/** How long a server that nobody calls may take for its own shutdown. */
export const idleGraceMs = 10_000;

/** When a Stop must have ended. A later caller may want it earlier, never later. */
export class StopClock {
  readonly #elapsedMs: () => number;
  #deadlineMs: number;
  #shortened = new AbortController();

  constructor(options: { graceMs: number; elapsedMs: () => number }) {
    this.#elapsedMs = options.elapsedMs;
    this.#deadlineMs = options.elapsedMs() + options.graceMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#deadlineMs - this.#elapsedMs());
  }

  /** Aborts when the deadline becomes an earlier one. Take it before `remainingMs`. */
  get shortened(): AbortSignal {
    return this.#shortened.signal;
  }

  shorten(graceMs: number): void {
    const deadlineMs = this.#elapsedMs() + graceMs;
    if (deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    const shortened = this.#shortened;
    this.#shortened = new AbortController();
    shortened.abort();
  }
}
