import type { ManagerError } from "../../base/errors/errors.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { InstanceStatus } from "./instance-status.ts";
import { StopClock } from "./stop-clock.ts";
import { idleGraceMs, stopIdle } from "./stop-idle.ts";

/** How long when somebody waits for it to be up again: as much as a Stop leaves it after calls in flight. */
const leastGraceMs = 2_000;

interface IdleStop {
  readonly done: Promise<void>;
  readonly abort: AbortController;
  readonly clock: StopClock;
}

/** Puts an instance to sleep that nobody calls: its container is stopped, and stays. */
export class Sleep {
  readonly #context: InstanceContext;
  readonly #status: InstanceStatus;
  #stop: IdleStop | undefined;
  #hurry: NodeJS.Timeout | undefined;

  constructor(context: InstanceContext, status: InstanceStatus) {
    this.#context = context;
    this.#status = status;
  }

  /** The stop under way, if there is one; it does not reject. */
  get stopping(): Promise<void> | undefined {
    return this.#stop?.done;
  }

  /** Does nothing unless the instance is ready. */
  begin(): void {
    const { state, record } = this.#status;
    if (state.kind !== "ready" || record === undefined) return;
    this.#status.enter({ kind: "idle" }, "stopped because nobody called");
    const abort = new AbortController();
    const clock = new StopClock({ graceMs: idleGraceMs, elapsedMs: this.#context.services.clocks.elapsedMs });
    const stopped = stopIdle(state.run, { instance: this.#context, id: record.id, clock, signal: abort.signal });
    const done = stopped.then((after) => {
      clearTimeout(this.#hurry);
      if (after !== undefined) this.#status.hold(after);
      this.#stop = undefined;
      this.#context.server.onChange();
    });
    this.#stop = { done, abort, clock };
  }

  /** Somebody waits for the end of a stop under way: it is killed once it had enough time for its own shutdown. */
  hurry(): void {
    const { clock } = this.#stop ?? {};
    if (clock === undefined) return;
    const hadMs = idleGraceMs - clock.remainingMs;
    clearTimeout(this.#hurry);
    // Not told now, which would be a second SIGTERM: some servers take that for "at once".
    this.#hurry = setTimeout(() => clock.shorten(0), Math.max(0, leastGraceMs - hadMs));
  }

  /** A stop under way is given up. */
  async cancel(why: ManagerError): Promise<void> {
    this.#stop?.abort.abort(why);
    await this.#stop?.done;
  }
}
