export interface IdleClockOptions {
  readonly idleMs: number;
  readonly now: () => number;
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
    this.#usedMs = options.now();
  }

  touch(): void {
    this.#usedMs = this.#options.now();
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
    const { idleMs, now, onIdle } = this.#options;
    const idleForMs = now() - this.#usedMs;
    // A clock that was set back must not keep a server awake for ever.
    const leftMs = Math.min(idleMs - idleForMs, idleMs);
    if (leftMs > 0) this.#arm(leftMs);
    else onIdle();
  }
}
