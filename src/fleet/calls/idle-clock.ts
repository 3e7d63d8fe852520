export interface IdleClockOptions {
  readonly idleMs: number;
  /** Milliseconds since any moment; steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
  /** Told when nothing happened for so long; the clock then stands still until it is started again. */
  readonly onIdle: () => void;
}

/** Finds out that nobody called for a while. A call costs it one assignment: the timer looks back when it rings. */
export class IdleClock {
  readonly #options: IdleClockOptions;
  #usedMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdleClockOptions) {
    this.#options = options;
    this.#usedMs = options.elapsedMs();
  }

  touch(): void {
    this.#usedMs = this.#options.elapsedMs();
  }

  start(): void {
    this.touch();
    this.#arm(this.#options.idleMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ring(), ms).unref();
  }

  #ring(): void {
    const { idleMs, elapsedMs, onIdle } = this.#options;
    const leftMs = this.#usedMs + idleMs - elapsedMs();
    if (leftMs > 0) this.#arm(leftMs);
    else onIdle();
  }
}
