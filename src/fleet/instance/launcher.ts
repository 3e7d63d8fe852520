import { type ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";
import type { InstanceStatus } from "./instance-status.ts";
import { bringUp, takeOver } from "./launch.ts";
import type { LaunchContext, Launched } from "./launch-context.ts";
import { finishRestart, restartInPlace } from "./restart-in-place.ts";
import type { Sleep } from "./sleep.ts";
import type { StopClock } from "./stop-clock.ts";

export interface LauncherOptions {
  readonly status: InstanceStatus;
  readonly sleep: Sleep;
  /** The run of an instance that was ready is over. */
  readonly onRunEnded: (run: Run) => void;
}

/** A wake or a restart by itself follows the restart policy when it fails; one that somebody asked for fails. */
type Cause = "asked" | "automatic";

interface Launch {
  readonly done: Promise<void>;
  readonly abort: AbortController;
  /** When a restart must have ended the process. */
  readonly clock?: StopClock | undefined;
}

/**
 * Makes an instance ready, by one launch at a time. What it returns resolves when the instance is ready, and rejects
 * with why it can't be; the status has that, too, unless the launch was cancelled.
 */
export class Launcher {
  readonly #context: InstanceContext;
  readonly #options: LauncherOptions;
  readonly #status: InstanceStatus;
  #launch: Launch | undefined;

  constructor(context: InstanceContext, options: LauncherOptions) {
    this.#context = context;
    this.#options = options;
    this.#status = options.status;
  }

  /** The launch under way, if there is one. */
  get underWay(): Promise<void> | undefined {
    return this.#launch?.done;
  }

  /** Goes on with what there is of it, or makes it. */
  bringUp(cause: Cause): Promise<void> {
    this.#status.downtime.cancel();
    this.#status.early.started();
    const wakes = this.#status.state.kind === "idle";
    const launch = async (signal: AbortSignal) => {
      this.#options.sleep.hurry();
      await this.#options.sleep.stopping;
      return bringUp(this.#launchContext({ wakes }), { known: this.#status.record, signal });
    };
    return this.#begin(launch, { cause });
  }

  /** Takes over what runs. `onAttached` is called once new output is caught. */
  takeOver(record: InstanceRecord, { onAttached = () => {} } = {}): Promise<void> {
    const options = { record, conversation: this.#status.conversationWith(record), onAttached };
    return this.#begin((signal) => takeOver(this.#launchContext(), { ...options, signal }), { cause: "automatic" });
  }

  /** Stops the process and starts it again in the same container, once `idle` says that no call is under way. */
  restart(options: { record: InstanceRecord; run: Run; clock: StopClock; idle: () => Promise<void> }): Promise<void> {
    this.#status.downtime.beginAnew();
    this.#status.enter({ kind: "creating" }, "restarting");
    const context = this.#launchContext({ isCreating: true });
    const launch = (signal: AbortSignal) => restartInPlace(context, { ...options, signal });
    return this.#begin(launch, { cause: "asked", clock: options.clock });
  }

  /** Finishes the restart that a manager before this one began. `onEnded` is called between the two processes. */
  finishRestart(record: InstanceRecord, { onEnded }: { onEnded: () => void }): Promise<void> {
    return this.#startAgain(record, { onEnded, why: "finishing a restart" });
  }

  /** Starts again what may run still and can't be attached to any more. `onEnded` is called between the two processes. */
  startOver(record: InstanceRecord, { onEnded }: { onEnded: () => void }): Promise<void> {
    return this.#startAgain(record, { onEnded, why: "its stdin ended with the connection to it; starting it again" });
  }

  #startAgain(record: InstanceRecord, { onEnded, why }: { onEnded: () => void; why: string }): Promise<void> {
    this.#status.enter({ kind: "creating" }, why);
    const options = { record, onEnded };
    const context = this.#launchContext({ isCreating: true });
    return this.#begin((signal) => finishRestart(context, { ...options, signal }), { cause: "automatic" });
  }

  /** A restart under way must have ended the process in this time. */
  hurry(graceMs: number): void {
    this.#launch?.clock?.shorten(graceMs);
  }

  /** A launch under way is given up; those who wait for it are told why. */
  async cancel(why: ManagerError): Promise<void> {
    this.#launch?.abort.abort(why);
    await this.#launch?.done.catch(() => {});
  }

  #begin(
    launch: (signal: AbortSignal) => Promise<Launched>,
    { cause, clock }: { cause: Cause; clock?: StopClock },
  ): Promise<void> {
    const abort = new AbortController();
    const done = this.#finish(launch(abort.signal), { cause, signal: abort.signal });
    done.catch(() => {}); // Every waiter gets the error; there may be none.
    this.#launch = { done, abort, clock };
    return done;
  }

  async #finish(launching: Promise<Launched>, { cause, signal }: { cause: Cause; signal: AbortSignal }): Promise<void> {
    try {
      const launched = await launching;
      this.#launch = undefined;
      this.#status.ready(launched);
      const { run } = launched;
      void run.ended.then(() => this.#options.onRunEnded(run));
    } catch (error) {
      this.#launch = undefined;
      const failure = toManagerError(error).with({ server: this.#context.server.name });
      // What aborted it, a Stop or the shutdown, decides what comes next.
      // What the operator does not allow now is not tried again and again.
      const isFinal = cause === "asked" || failure.kind === "denied";
      if (!signal.aborted && isFinal) this.#status.fail(failure);
      else if (!signal.aborted) this.#status.down(failure);
      throw failure;
    }
  }

  /**
   * `wakes`: a container that was stopped because nobody called, and is called now, is started again without being
   * restarted. `isCreating`: that was told when the restart began, before the process ended.
   */
  #launchContext({ wakes = false, isCreating = false } = {}): LaunchContext {
    return {
      instance: this.#context,
      enter: (step) => {
        if (!isCreating || step !== this.#status.state.kind) this.#status.enter({ kind: step }, step);
      },
      onInstance: (record) => this.#status.hold(record),
      onRestart: () => {
        if (!wakes) this.#status.countRestart();
      },
    };
  }
}
