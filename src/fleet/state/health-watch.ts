import { type HealthSpec, specDefaults } from "../../base/spec/spec.ts";

export interface HealthSnapshot {
  readonly healthy: boolean;
  /** Checks in a row without an answer. */
  readonly failures: number;
  /** When it last answered; undefined: no check was answered yet. */
  readonly answeredMs: number | undefined;
}

export interface HealthWatchOptions {
  readonly now: () => number;
  /** Resolves when the server answered, whatever it said. */
  readonly ping: (signal: AbortSignal) => Promise<void>;
  /** Whether the container is paused: then nothing can be said. */
  readonly paused: () => boolean;
  /** Resolves when the engine answers, which is between the server and the manager: else nothing can be said, either. */
  readonly engineAnswers: (signal: AbortSignal) => Promise<unknown>;
  /** Told when the server became unhealthy, and when it is well again. */
  readonly onChange: (healthy: boolean) => void;
}

/** Asks a server every so often whether it is there: a wedged one has a living container and a silent session. */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #timeoutMs: number;
  readonly #threshold: number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stopped = new AbortController();
  #asking = false;
  #failures = 0;
  #answeredMs: number | undefined;

  constructor(spec: HealthSpec = {}, options: HealthWatchOptions) {
    const { intervalMs = specDefaults.healthIntervalMs, timeoutMs = specDefaults.healthTimeoutMs } = spec;
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#threshold = spec.failureThreshold ?? specDefaults.healthFailureThreshold;
    if (intervalMs > 0) this.#timer = setInterval(() => void this.#check(), intervalMs).unref();
  }

  snapshot(): HealthSnapshot {
    return { healthy: this.#failures < this.#threshold, failures: this.#failures, answeredMs: this.#answeredMs };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopped.abort();
  }

  async #check(): Promise<void> {
    if (this.#asking || this.#options.paused()) return;
    this.#asking = true;
    const before = this.snapshot().healthy;
    if (await this.#succeeds(this.#options.ping)) {
      this.#failures = 0;
      this.#answeredMs = this.#options.now();
    } else if (!this.#options.paused() && (await this.#succeeds(this.#options.engineAnswers))) {
      this.#failures += 1;
    }
    this.#asking = false;
    if (this.#stopped.signal.aborted) return;
    const { healthy } = this.snapshot();
    if (healthy !== before) this.#options.onChange(healthy);
  }

  async #succeeds(check: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    try {
      await check(AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#timeoutMs)]));
      return true;
    } catch {
      return false;
    }
  }
}
