import type { InstanceRecord } from "../../runtime/runtime.ts";
import { readHistory } from "../logs/read-history.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";
import { type RunEnd, runEndError } from "../run/run-end.ts";
import type { InstanceStatus } from "./instance-status.ts";
import type { Launcher } from "./launcher.ts";
import { planFor } from "./record-plan.ts";
import type { Sleep } from "./sleep.ts";

export interface RecoveryOptions {
  readonly status: InstanceStatus;
  readonly launcher: Launcher;
  readonly sleep: Sleep;
}

/** Goes on with an instance after what was not this manager's doing. How that ends is in its status. */
export class Recovery {
  readonly #context: InstanceContext;
  readonly #status: InstanceStatus;
  readonly #launcher: Launcher;
  readonly #sleep: Sleep;

  constructor(context: InstanceContext, { status, launcher, sleep }: RecoveryOptions) {
    this.#context = context;
    this.#status = status;
    this.#launcher = launcher;
    this.#sleep = sleep;
  }

  /** Takes over what was found at boot, or says why it can't. */
  async adopt(record: InstanceRecord): Promise<void> {
    let history: Promise<void> | undefined;
    this.#status.early.adopted();
    const onFound = () => {
      history = this.#readHistory(record);
    };
    await this.#takeUp(record, { onFound, isLeft: true });
    await history;
  }

  /** The run ended by itself: a lost attachment is opened again, anything else is the restart policy's. */
  runEnded(run: Run): void {
    const { state, record } = this.#status;
    if (state.kind !== "ready" || state.run !== run) return;
    const { end } = run;
    if (end === undefined || (end.kind === "released" && end.reason !== "SERVER_UNHEALTHY")) return;
    if (end.kind === "detached" && record !== undefined) {
      if (!this.#detaches) {
        void this.#launcher.startOver(record, { onEnded: () => {} }).catch(() => {});
        return;
      }
      this.#status.enter({ kind: "handshaking" }, "the engine closed the server's stdio; opening it again");
      // The same process (same start time) is in conversation already and needs no handshake.
      void this.#launcher.takeOver(record);
      return;
    }
    if (end.kind === "exited" && record !== undefined) {
      this.#status.hold({ ...record, state: "exited", exit: end.exit });
      void this.#status.early.learn(run, record);
    }
    this.#status.down(runEndError(this.#context.server.name, { end, output: run.output(), doing: "" }));
  }

  /**
   * The engine tells nothing any more. A server that an engine on its way down told to end, and that did so with code
   * 0, comes back with it as the others do.
   */
  engineLost(): void {
    const { state, downtime } = this.#status;
    if (state.kind === "failed" && downtime.mayBeEngines) this.#status.fail(this.#errorOf({ kind: "engine_down" }));
  }

  /**
   * What the engine has of it now: it may have been paused, unpaused or started by somebody else, or the engine is
   * back.
   */
  look(record: InstanceRecord): void {
    // One that is being started learns what its container is from the start.
    if (this.#launcher.underWay !== undefined) return;
    this.#observe(record);
    if (this.#isDown && planFor(this.#context.server.name, record).kind === "unusable") return;
    // A failure that nothing has changed about is not told again.
    const isBack = this.#isDown && (record.state === "running" || this.#status.downtime.mayHavePassed);
    if (!isBack && !this.#wasWoken(record)) return;
    // Its log is known already: no history.
    void this.#takeUp(record, { onFound: () => {}, isLeft: false });
  }

  /** The engine has nothing any more of an instance that was down for a reason that may have passed. */
  lookGone(): void {
    if (this.#isDown && this.#status.downtime.mayHavePassed) this.#status.down(this.#errorOf({ kind: "gone" }));
  }

  #observe({ id, state }: InstanceRecord): void {
    const { record } = this.#status;
    if (record?.id !== id || record.state === state) return;
    this.#status.hold({ ...record, state });
    this.#context.server.onChange();
  }

  /**
   * Goes on with an instance that runs, or with why it does not. `onFound` is called once new output is caught.
   * `isLeft`: a manager before this one was attached to it.
   */
  #takeUp(
    record: InstanceRecord,
    { onFound, isLeft }: { readonly onFound: () => void; readonly isLeft: boolean },
  ): Promise<void> {
    this.#status.downtime.cancel();
    this.#status.hold(record);
    const plan = planFor(this.#context.server.name, record);
    if (record.mark === "restarting" && (plan.kind === "take_over" || plan.kind === "exited")) {
      return this.#launcher.finishRestart(record, { onEnded: onFound }).catch(() => {});
    }
    if (plan.kind === "take_over" && isLeft && !this.#detaches) {
      return this.#launcher.startOver(record, { onEnded: onFound }).catch(() => {});
    }
    if (plan.kind === "take_over") {
      return this.#launcher.takeOver(record, { onAttached: onFound }).catch(() => {});
    }
    const sleeps = plan.kind === "exited" && this.#context.spec.idleTimeoutMs !== undefined;
    if (sleeps) this.#status.enter({ kind: "idle" }, "stopped");
    else if (plan.kind === "unusable") this.#status.fail(plan.error);
    else if ("error" in plan) this.#status.down(plan.error, { withEngine: this.#wentWithEngine });
    onFound();
    return Promise.resolve();
  }

  /** Whether an instance that lost its attachment can be attached to again. */
  get #detaches(): boolean {
    return this.#context.services.runtime.capabilities.detaching;
  }

  get #wentWithEngine(): boolean {
    return this.#status.state.kind === "failed" && this.#status.downtime.isEngines;
  }

  get #isDown(): boolean {
    const { kind } = this.#status.state;
    return (kind === "failed" || kind === "backing_off") && this.#launcher.underWay === undefined;
  }

  /** Somebody else started it while it was idle: it runs, and not still. */
  #wasWoken({ state, startTimeMs }: InstanceRecord): boolean {
    const isIdle = this.#status.state.kind === "idle" && this.#sleep.stopping === undefined;
    const rests = isIdle && this.#launcher.underWay === undefined;
    return rests && state === "running" && startTimeMs !== this.#status.record?.startTimeMs;
  }

  /**
   * Reads what the instance wrote before this manager started, and with it why it ended. A failure does no harm to the
   * server.
   */
  async #readHistory({ id, instance }: InstanceRecord): Promise<void> {
    const { runtime, clocks, log } = this.#context.services;
    const { ring, name } = this.#context.server;
    try {
      const output = await readHistory(ring, { runtime, id, instance, untilMs: clocks.now() });
      if (this.#status.state.kind !== "ready") this.#status.downtime.explain(output);
    } catch (error) {
      log.warn("could not read a server's log", { server: name, error: String(error) });
    }
  }

  #errorOf(end: RunEnd) {
    return runEndError(this.#context.server.name, { end, output: {}, doing: "" });
  }
}
