import type { ManagerError } from "../../base/errors/errors.ts";
import type { RestartSpec } from "../../base/spec/spec.ts";
import { failureOf, type ServerFailure } from "../state/server-failure.ts";
import type { Clocks } from "./fleet-services.ts";
import { passesByItself, type RestartPlan, RestartSchedule } from "./restart-schedule.ts";

export interface DowntimeOptions {
  readonly clocks: Clocks;
  /** It is time to start it again. */
  readonly onDue: () => void;
}

/** How long an engine that shuts down may take after it told containers to end: dockerd's --shutdown-timeout. */
const engineShutdownMs = 15_000;

/** Why an instance last went down, when that was, and when it is started again. */
export class Downtime {
  readonly #spec: RestartSpec | undefined;
  readonly #options: DowntimeOptions;
  readonly #restarts: RestartSchedule;
  #failure: ServerFailure | undefined;
  #sinceMs = 0;

  constructor(spec: RestartSpec | undefined, options: DowntimeOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#restarts = new RestartSchedule(spec, { now: options.clocks.elapsedMs, onDue: options.onDue });
  }

  get failure(): ServerFailure | undefined {
    return this.#failure;
  }

  get #reason(): string | undefined {
    return this.#failure?.details.reason;
  }

  /** Whether what it went down for may have passed by now. */
  get mayHavePassed(): boolean {
    return passesByItself(this.#reason);
  }

  /** Whether the engine took it along, as far as is known. */
  get isEngines(): boolean {
    return this.#reason === "ENGINE_UNAVAILABLE";
  }

  /** Whether it ended with code 0 so lately that an engine on its way down may have told it to. */
  get mayBeEngines(): boolean {
    const { reason, exitCode } = this.#failure?.details ?? {};
    if (reason !== "SERVER_EXITED" || exitCode !== 0 || this.#spec?.policy === "never") return false;
    return this.#options.clocks.elapsedMs() - this.#sinceMs <= engineShutdownMs;
  }

  /** It went down, perhaps together with the engine. Waits, when the plan is to restart. */
  begin(error: ManagerError, options: { withEngine?: boolean } = {}): RestartPlan {
    this.note(error);
    return this.#restarts.down(error, options);
  }

  /** It is down for this reason. */
  note(error: ManagerError): void {
    this.#sinceMs = this.#options.clocks.elapsedMs();
    this.#failure = failureOf(error, this.#options.clocks.now());
  }

  /** What else is known now of why it went down. */
  explain(stderrTail: string): void {
    if (this.#failure === undefined || stderrTail === "") return;
    this.#failure = { ...this.#failure, details: { ...this.#failure.details, stderrTail } };
  }

  /** It came up. */
  end(): void {
    this.#restarts.ready();
  }

  /** Somebody asked for a start: what was before does not count any more. */
  beginAnew(): void {
    this.#restarts.beginAnew();
  }

  /** It is not started again by itself any more. */
  cancel(): void {
    this.#restarts.cancel();
  }
}
