import type { ManagerError } from "../../base/errors/errors.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";
import type { InstanceStatus } from "./instance-status.ts";
import { idleGraceMs, StopClock } from "./stop-clock.ts";
import { end } from "./tear-down.ts";

/** The same when a call waits for the server to be up again: as long as a Stop leaves it after calls in flight. */
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
    // Not told now, which would be a second stop signal: some servers take that for "at once".
    this.#hurry = setTimeout(() => clock.shorten(0), Math.max(0, leastGraceMs - hadMs));
  }

  /** A stop under way is given up. */
  async cancel(why: ManagerError): Promise<void> {
    this.#stop?.abort.abort(why);
    await this.#stop?.done;
  }
}

/**
 * Ends the process of a server that nobody calls; its container stays. Returns the container's record afterwards, if it
 * has one. When the signal aborts, the end of the process is not waited for.
 */
async function stopIdle(
  run: Run,
  options: {
    readonly instance: InstanceContext;
    readonly id: string;
    readonly clock: StopClock;
    readonly signal: AbortSignal;
  },
): Promise<InstanceRecord | undefined> {
  const { instance, id, clock, signal } = options;
  const { runtime, log } = instance.services;
  const { name } = instance.server;
  const why = { reason: "SERVER_STOPPED", message: `server ${name} was stopped because nobody called it` } as const;
  run.expectEnd(why, { killedWithinMs: clock.remainingMs });
  try {
    await end({ runtime, clock, signal }, id);
    return await runtime.inspect(id, { signal });
  } catch (error) {
    if (!signal.aborted) log.warn("could not stop an idle server", { server: name, error: String(error) });
    return undefined;
  } finally {
    run.release(why);
  }
}
