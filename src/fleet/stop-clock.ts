/** When a Stop must have ended. A later caller may want it earlier, never later. */
export class StopClock {
  readonly #now: () => number;
  #deadlineMs: number;
  #shortened = new AbortController();

  constructor(options: { graceMs: number; now: () => number }) {
    this.#now = options.now;
    this.#deadlineMs = options.now() + options.graceMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#deadlineMs - this.#now());
  }

  /** Aborts when the deadline becomes an earlier one. Take it before `remainingMs`. */
  get shortened(): AbortSignal {
    return this.#shortened.signal;
  }

  shorten(graceMs: number): void {
    const deadlineMs = this.#now() + graceMs;
    if (deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    const shortened = this.#shortened;
    this.#shortened = new AbortController();
    shortened.abort();
  }
}
