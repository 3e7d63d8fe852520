import type { ErrorReason } from "../../base/errors/error-reason.ts";
import type { ManagerError } from "../../base/errors/errors.ts";
import { type RestartSpec, specDefaults } from "../../base/spec/spec.ts";

export interface RestartScheduleOptions {
  /** A clock that never goes back. */
  readonly now: () => number;
  /** It is time. */
  readonly onDue: () => void;
}

/**
 * When an instance that goes down by itself is started again: how often in a row that was, and the wait for the next.
 */
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

/** What happens to an instance that went down. */
export type RestartPlan =
  | { readonly kind: "restart"; readonly delayMs: number }
  | { readonly kind: "stay_down" }
  /** It came down too often. */
  | { readonly kind: "give_up"; readonly restarts: number };

/** Reasons that pass when the engine or the container comes back, whatever the manager does: no restart helps. */
const passing: ReadonlySet<string | undefined> = new Set<ErrorReason>(["ENGINE_UNAVAILABLE", "CONTAINER_PAUSED"]);

/** Whether a failure passes without the manager's doing. */
export function passesByItself(reason: string | undefined): boolean {
  return passing.has(reason);
}

/**
 * By the spec's policy, the reason, and how many restarts in a row there were already. `withEngine`: the engine's end
 * took it along, so that an exit with code 0 was not its own wish.
 */
export function restartPlan(
  spec: RestartSpec = {},
  { error, restarts, withEngine = false }: { error: ManagerError; restarts: number; withEngine?: boolean },
): RestartPlan {
  if (passesByItself(error.details.reason) || !restartsAfter(spec, { error, withEngine })) return { kind: "stay_down" };
  const { maxRestarts = specDefaults.maxRestarts, initialBackoffMs = specDefaults.initialBackoffMs } = spec;
  if (maxRestarts !== 0 && restarts >= maxRestarts) return { kind: "give_up", restarts };
  return { kind: "restart", delayMs: Math.min(initialBackoffMs * 2 ** restarts, maxBackoffOf(spec)) };
}

/** After being ready for so long an instance counts as well again: the next restart is the first in a row. */
export function steadyAfterMs(spec: RestartSpec = {}): number {
  return Math.max(maxBackoffOf(spec), specDefaults.steadyMs);
}

function maxBackoffOf({ initialBackoffMs = specDefaults.initialBackoffMs, maxBackoffMs }: RestartSpec): number {
  return maxBackoffMs ?? Math.max(specDefaults.maxBackoffMs, initialBackoffMs);
}

function restartsAfter(
  { policy = "on_failure" }: RestartSpec,
  { error: { details }, withEngine }: { error: ManagerError; withEngine: boolean },
): boolean {
  if (policy === "never") return false;
  return policy === "always" || withEngine || details.reason !== "SERVER_EXITED" || details.exitCode !== 0;
}
