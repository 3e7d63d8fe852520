import type { ManagerError } from "../../base/errors/errors.ts";
import type { RestartSpec } from "../../base/spec/spec.ts";
import { type RestartPlan, restartPlan, steadyAfterMs } from "./restart-plan.ts";

export interface RestartScheduleOptions {
  /** A clock that never goes back. */
  readonly now: () => number;
  /** It is time. */
  readonly onDue: () => void;
}

/** When an instance that goes down by itself is started again: how often in a row that was, and the wait for the next. */
export class RestartSchedule {
  readonly #spec: RestartSpec | undefined;
  readonly #options: RestartScheduleOptions;
  #inRow = 0;
  #readyAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: RestartSpec | undefined, options: RestartScheduleOptions) {
    this.#spec = spec;
    this.#options = options;
  }

  /** Somebody asked for a start: what was before does not count any more. */
  beginAnew(): void {
    this.cancel();
    this.#inRow = 0;
  }

  /** It came up. */
  ready(): void {
    this.#readyAtMs = this.#options.now();
  }

  /** It went down for this reason, perhaps together with the engine. Waits, when the plan is to restart. */
  down(error: ManagerError, { withEngine = false } = {}): RestartPlan {
    const upForMs = this.#readyAtMs === undefined ? 0 : this.#options.now() - this.#readyAtMs;
    if (upForMs >= steadyAfterMs(this.#spec)) this.#inRow = 0;
    this.#readyAtMs = undefined;
    const plan = restartPlan(this.#spec, { error, restarts: this.#inRow, withEngine });
    if (plan.kind !== "restart") return plan;
    this.#inRow += 1;
    this.#timer = setTimeout(this.#options.onDue, plan.delayMs);
    return plan;
  }

  /** Nothing happens by itself any more. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
