import { type HealthSpec, specDefaults } from "../../base/spec/spec.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { HealthSnapshot } from "../state/server-snapshot.ts";
import type { InstanceContext } from "./instance-context.ts";
import type { Run } from "./run.ts";

export interface WatchHealthOptions {
  readonly instance: InstanceContext;
  /** The instance as it is now. */
  readonly record: () => InstanceRecord | undefined;
}

/** Watches whether a session answers, and kills one that does not where the spec says so. */
export function watchHealth(run: Run, options: WatchHealthOptions): HealthWatch {
  const { instance, record } = options;
  const { services, server, spec } = instance;
  return new HealthWatch(spec.health, {
    now: services.clocks.now,
    pingEngine: (signal) => services.runtime.version({ signal }),
    ping: (signal) => run.session.ping({ signal }),
    heard: () => run.session.heard,
    paused: () => record()?.state === "paused",
    onChange: (healthy) => {
      if (!healthy && spec.health?.killUnhealthy) killWedged(run, options);
      server.onChange();
    },
  });
}

/** Its end then comes as that of any process, and the restart policy decides. */
function killWedged(run: Run, { instance, record }: WatchHealthOptions): void {
  const { runtime, log } = instance.services;
  const { name } = instance.server;
  const message = `server ${name} did not answer its health checks and was killed`;
  run.expectEnd({ reason: "SERVER_UNHEALTHY", message }, { killedWithinMs: 0 });
  const id = record()?.id;
  if (id === undefined) return;
  runtime.stop(id, { graceMs: 0 }).catch((error: unknown) => {
    log.warn("could not kill a server that does not answer", { server: name, error: String(error) });
  });
}

export interface HealthWatchOptions {
  readonly now: () => number;
  /** Resolves when the server answered, whatever it said. */
  readonly ping: (signal: AbortSignal) => Promise<void>;
  /** How often the server has written something. One that writes lives, and may have much to do before it answers. */
  readonly heard: () => number;
  /** Whether the container is paused: then nothing can be said. */
  readonly paused: () => boolean;
  /**
   * Resolves when the engine answers, which is between the server and the manager: else nothing can be said, either.
   */
  readonly pingEngine: (signal: AbortSignal) => Promise<unknown>;
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
  #repliedMs: number | undefined;
  /** When it was looked at last. */
  #heard: number;

  constructor(spec: HealthSpec = {}, options: HealthWatchOptions) {
    const { intervalMs = specDefaults.healthIntervalMs, timeoutMs = specDefaults.healthTimeoutMs } = spec;
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#heard = options.heard();
    this.#threshold = spec.failureThreshold ?? specDefaults.healthFailureThreshold;
    if (intervalMs > 0) this.#timer = setInterval(() => void this.#check(), intervalMs).unref();
  }

  snapshot(): HealthSnapshot {
    return { healthy: this.#failures < this.#threshold, failures: this.#failures, repliedMs: this.#repliedMs };
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
      this.#repliedMs = this.#options.now();
    } else if (this.#options.heard() !== this.#heard) {
      this.#failures = 0;
    } else if (!this.#options.paused() && (await this.#succeeds(this.#options.pingEngine))) {
      this.#failures += 1;
    }
    this.#heard = this.#options.heard();
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
