import type { ErrorReason } from "../error-reason.ts";
import { type ManagerError, toManagerError } from "../errors.ts";
import type { Conversation } from "../mcp/handshake.ts";
import type { McpInfo } from "../mcp/mcp-info.ts";
import type { InstanceRecord } from "../runtime/runtime.ts";
import { Downtime } from "./downtime.ts";
import { EarlyEnd } from "./early-end.ts";
import type { HealthWatch } from "./health-watch.ts";
import { bringUp, takeOver } from "./launch.ts";
import type { LaunchContext, Launched } from "./launch-context.ts";
import type { LiveSession } from "./live-session.ts";
import { readHistory } from "./read-history.ts";
import { planFor } from "./record-plan.ts";
import { finishRestart, restartInPlace } from "./restart-in-place.ts";
import { type Run, stderrTailChars } from "./run.ts";
import { runEndError } from "./run-end.ts";
import { Seats } from "./seats.ts";
import { gaveUp, type ServerFailure, startCancelled } from "./server-failure.ts";
import type { InstanceSnapshot } from "./server-snapshot.ts";
import { type InstanceState, transition } from "./server-state.ts";
import type { StopClock } from "./stop-clock.ts";
import { stopIdle } from "./stop-idle.ts";
import { tearDown } from "./tear-down.ts";
import { watchHealth } from "./watch-health.ts";

/** What an instance needs from its server. */
export type InstanceContext = Omit<LaunchContext, "enter" | "onPull" | "onInstance" | "onRestart"> & {
  /** Wall clock in milliseconds: for what is shown. */
  readonly now: () => number;
  /** Milliseconds since any moment: for what is measured. Steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
  /** Told of every change of state and of health. */
  readonly onChange: () => void;
  /** Told when it is down because the engine does not answer. */
  readonly onEngineSilent: () => void;
  /** Told of each step of a pull. */
  readonly onPull: (progress: string) => void;
};

interface Launch {
  readonly done: Promise<void>;
  readonly abort: AbortController;
  /** When a restart must have ended the process. */
  readonly clock?: StopClock;
}

/** A wake or a restart by itself follows the restart policy when it fails; one that somebody asked for fails. */
type Cause = "asked" | "automatic";

/** One copy of a server: its container, its state, its session, and what happens when it goes down. */
export class ServerInstance {
  readonly replica: number;
  readonly seats: Seats;
  readonly #context: InstanceContext;
  #state: InstanceState = { kind: "creating" };
  #record: InstanceRecord | undefined;
  /** The process that the last handshake was with: in this conversation for as long as it lives. */
  #greeted: { readonly record: InstanceRecord; readonly conversation: Conversation } | undefined;
  readonly #downtime: Downtime;
  #restartCount = 0;
  #launch: Launch | undefined;
  #health: HealthWatch | undefined;
  #sleep: { readonly done: Promise<void>; readonly abort: AbortController } | undefined;
  readonly #early: EarlyEnd;

  constructor(context: InstanceContext) {
    this.#context = context;
    this.#early = new EarlyEnd(context);
    this.replica = context.replica;
    this.seats = new Seats(() => this.#record?.instance ?? "");
    const onDue = () => this.#bringUp("automatic");
    this.#downtime = new Downtime(context.spec.restart, { ...context, onDue });
  }

  get state(): InstanceState {
    return this.#state;
  }

  get record(): InstanceRecord | undefined {
    return this.#record;
  }

  get mcp(): McpInfo | undefined {
    return this.#greeted?.conversation.info;
  }

  /** Its session, while it is ready. */
  get live(): LiveSession | undefined {
    if (this.#state.kind !== "ready") return undefined;
    return { session: this.#state.run.session, instance: this.#record?.instance ?? "" };
  }

  get failure(): ServerFailure | undefined {
    return this.#downtime.failure;
  }

  get restartCount(): number {
    return this.#restartCount;
  }

  get launching(): boolean {
    return this.#launch !== undefined;
  }

  /** Undefined before there is a container. */
  snapshot(): InstanceSnapshot | undefined {
    if (this.#record === undefined) return undefined;
    const callsInFlight = this.seats.taken;
    return { record: this.#record, state: this.#state.kind, callsInFlight, health: this.#health?.snapshot() };
  }

  /**
   * Brings the instance up, or joins a start under way; resolves when it is ready. Throws why it can't be, and
   * `interrupted` when a Stop comes in between.
   */
  start(): Promise<void> {
    if (this.#state.kind === "ready") return Promise.resolve();
    if (this.#launch === undefined) {
      this.#downtime.beginAnew();
      this.#bringUp("asked");
    }
    return this.#launch?.done ?? Promise.resolve();
  }

  /** A call came while it is idle: starts it. How that ends is in the state. */
  wake(): void {
    if (this.#state.kind === "idle" && this.#launch === undefined) this.#bringUp("automatic");
  }

  /** Stops the container because nobody calls; it stays. */
  sleep({ graceMs }: { graceMs: number }): void {
    if (this.#state.kind !== "ready" || this.#record === undefined) return;
    const { run } = this.#state;
    const { id } = this.#record;
    this.#enter({ kind: "idle" }, "stopped because nobody called");
    const abort = new AbortController();
    const stopped = stopIdle(run, { ...this.#context, id, graceMs, signal: abort.signal });
    const done = stopped.then((record) => {
      this.#record = record ?? this.#record;
      this.#sleep = undefined;
      this.#context.onChange();
    });
    this.#sleep = { done, abort };
  }

  /**
   * Stops the process and starts it again in the same container; new calls wait meanwhile. Joins a start under way, and
   * hurries a restart.
   */
  restart(clock: StopClock): Promise<void> {
    if (this.#launch !== undefined) {
      this.#launch.clock?.shorten(clock.remainingMs);
      return this.#launch.done;
    }
    if (this.#state.kind !== "ready" || this.#record === undefined) return this.start();
    const { run } = this.#state;
    this.#downtime.beginAnew();
    this.#enter({ kind: "creating" }, "restarting");
    const options = { record: this.#record, run, clock, idle: () => this.seats.allLeft() };
    const context = this.#launchContext({ isCreating: true });
    const launch = this.#begin("asked", (signal) => restartInPlace(context, { ...options, signal }));
    this.#launch = { ...launch, clock };
    return this.#launch.done;
  }

  /** Takes over what was found at boot, or says why it can't: how it ended is in the state, not in the promise. */
  async adopt(record: InstanceRecord): Promise<void> {
    let history: Promise<void> | undefined;
    this.#early.adopted();
    await this.#takeUp(record, () => {
      history = this.#readHistory(record);
    });
    await history;
  }

  /**
   * The engine tells nothing any more. A server that an engine on its way down told to end, and that did so with code 0,
   * comes back with it as the others do.
   */
  engineLost(): void {
    if (this.#state.kind !== "failed" || !this.#downtime.mayBeEngines) return;
    this.#fail(runEndError(this.#context.name, { end: { kind: "engine_down" }, stderrTail: "", doing: "" }));
  }

  /** The engine has this for an instance that was down for a reason that may have passed, or was idle. */
  recover(record: InstanceRecord): void {
    if (this.#isDown && planFor(this.#context.name, record).kind === "unusable") return;
    // A failure that nothing has changed about is not told again.
    const isBack = this.#isDown && (record.state === "running" || this.#downtime.mayHavePassed);
    if (!isBack && !this.#wasWoken(record)) return;
    // Its log is known already: no history.
    void this.#takeUp(record, () => {});
  }

  /** The engine has nothing any more of an instance that was down for a reason that may have passed. */
  recoverGone(): void {
    const { name } = this.#context;
    if (this.#isDown && this.#downtime.mayHavePassed)
      this.#down(runEndError(name, { end: { kind: "gone" }, stderrTail: "", doing: "" }));
  }

  /** The container was paused or unpaused behind the manager's back. */
  observe(record: InstanceRecord): void {
    if (this.#record?.id !== record.id || this.#record.state === record.state) return;
    this.#record = { ...this.#record, state: record.state };
    this.#context.onChange();
  }

  /** Ends and removes the container. Throws when the engine does not answer. */
  async stop(clock: StopClock): Promise<void> {
    this.#calm();
    await this.#cancel(startCancelled(this.#context.name));
    const run = this.#state.kind === "ready" ? this.#state.run : undefined;
    this.#enter({ kind: "draining" }, "stopping");
    const { runtime, log, name } = this.#context;
    try {
      await tearDown({
        runtime,
        log,
        server: name,
        id: this.#record?.id,
        replaces: this.#record?.replaces,
        run,
        idle: () => this.seats.allLeft(),
        clock,
      });
    } catch (error) {
      this.#fail(toManagerError(error).with({ server: name }));
      throw error;
    }
    this.#record = undefined;
    this.#enter({ kind: "stopped" }, "stopped");
  }

  /** The manager shuts down: a start under way is given up; `letGo` ends the session when the calls are drained. */
  async cancelLaunch(closing: ManagerError): Promise<void> {
    this.#calm();
    await this.#cancel(closing);
  }

  letGo(why: { reason: ErrorReason; message: string }): void {
    this.#calm();
    if (this.#state.kind === "ready") this.#state.run.release(why);
  }

  /** Goes on with an instance that runs, or with why it does not. `onFound` is called once new output is caught. */
  #takeUp(record: InstanceRecord, onFound: () => void): Promise<void> {
    this.#downtime.cancel();
    this.#record = record;
    const { name, spec } = this.#context;
    const plan = planFor(name, record);
    if (record.restarting && (plan.kind === "take_over" || plan.kind === "exited")) {
      const { elapsedMs } = this.#context;
      this.#enter({ kind: "creating" }, "finishing a restart");
      const options = { record, elapsedMs, onEnded: onFound };
      this.#launch ??= this.#begin("automatic", (signal) =>
        finishRestart(this.#launchContext({ isCreating: true }), { ...options, signal }),
      );
      return this.#launch.done.catch(() => {});
    }
    if (plan.kind === "take_over") {
      const options = { record, conversation: this.#conversationWith(record), onAttached: onFound };
      this.#launch ??= this.#begin("automatic", (signal) => takeOver(this.#launchContext(), { ...options, signal }));
      return this.#launch.done.catch(() => {});
    }
    if (plan.kind === "exited" && spec.idleTimeoutMs !== undefined) this.#enter({ kind: "idle" }, "stopped");
    else if (plan.kind === "unusable") this.#fail(plan.error);
    else if ("error" in plan)
      this.#down(plan.error, { withEngine: this.#state.kind === "failed" && this.#downtime.isEngines });
    onFound();
    return Promise.resolve();
  }

  get #isDown(): boolean {
    return (this.#state.kind === "failed" || this.#state.kind === "backing_off") && this.#launch === undefined;
  }

  /** Somebody else started it while it was idle: it runs, and not still. */
  #wasWoken({ state, startTimeMs }: InstanceRecord): boolean {
    const isIdle = this.#state.kind === "idle" && this.#launch === undefined && this.#sleep === undefined;
    return isIdle && state === "running" && startTimeMs !== this.#record?.startTimeMs;
  }

  #conversationWith({ id, startTimeMs }: InstanceRecord): Conversation | undefined {
    const { record, conversation } = this.#greeted ?? {};
    return record?.id === id && record.startTimeMs === startTimeMs ? conversation : undefined;
  }

  #bringUp(cause: Cause): void {
    this.#downtime.cancel();
    this.#early.started();
    const wakes = this.#state.kind === "idle";
    this.#launch = this.#begin(cause, async (signal) => {
      await this.#sleep?.done;
      return bringUp(this.#launchContext({ wakes }), { known: this.#record, signal });
    });
  }

  #begin(cause: Cause, work: (signal: AbortSignal) => Promise<Launched>): Launch {
    const abort = new AbortController();
    const done = this.#finish(work(abort.signal), { cause, signal: abort.signal });
    done.catch(() => {}); // Whoever waits sees it; nobody needs to.
    return { done, abort };
  }

  async #finish(launched: Promise<Launched>, { cause, signal }: { cause: Cause; signal: AbortSignal }): Promise<void> {
    try {
      const { run, record, conversation } = await launched;
      this.#launch = undefined;
      this.#record = record;
      this.#greeted = { record, conversation };
      this.#early.ready();
      this.#downtime.end();
      this.#health = watchHealth(run, { ...this.#context, record: () => this.#record });
      this.#enter({ kind: "ready", run }, readyMessage(conversation));
      void run.ended.then(() => this.#onRunEnded(run));
    } catch (error) {
      this.#launch = undefined;
      const failure = toManagerError(error).with({ server: this.#context.name });
      // Whoever aborted it, a Stop or the shutdown, decides what comes next.
      if (!signal.aborted && cause === "asked") this.#fail(failure);
      else if (!signal.aborted && this.#early.isIdleStop(failure)) this.#enter({ kind: "idle" }, "stopped");
      else if (!signal.aborted) this.#down(failure);
      throw failure;
    }
  }

  /** The run ended by itself: a lost attachment is opened again, anything else is the restart policy's. */
  #onRunEnded(run: Run): void {
    if (this.#state.kind !== "ready" || this.#state.run !== run) return;
    this.#health?.stop();
    const { end: runEnd } = run;
    if (runEnd === undefined) return;
    if (runEnd.kind === "detached") {
      this.#launch = this.#begin("automatic", (signal) => this.#reattach(signal));
      return;
    }
    if (runEnd.kind === "released" && runEnd.reason !== "SERVER_UNHEALTHY") return;
    if (runEnd.kind === "exited" && this.#record !== undefined) {
      this.#record = { ...this.#record, state: "exited", exit: runEnd.exit };
      this.#early.learn(run, this.#record);
    }
    const error = runEndError(this.#context.name, { end: runEnd, stderrTail: run.stderrTail(), doing: "" });
    if (this.#early.isIdleStop(error)) this.#enter({ kind: "idle" }, "stopped");
    else this.#down(error);
  }

  /** The same process (same start time) is in conversation already and needs no handshake. */
  async #reattach(signal: AbortSignal): Promise<Launched> {
    const before = this.#record;
    this.#enter({ kind: "handshaking" }, "the engine closed the server's stdio; opening it again");
    if (before === undefined) throw new Error("an instance without a container had a run");
    return takeOver(this.#launchContext(), { record: before, conversation: this.#conversationWith(before), signal });
  }

  /** What the instance wrote before this manager came, and with it why it ended. Without it the server is as good. */
  async #readHistory({ id, instance }: InstanceRecord): Promise<void> {
    const { runtime, now, log, ring, name } = this.#context;
    try {
      await readHistory(ring, { runtime, id, instance, untilMs: now() });
    } catch (error) {
      log.warn("could not read a server's log", { server: name, error: String(error) });
    }
    if (this.#state.kind !== "ready") this.#downtime.explain(ring.stderrTail(ring.firstOrdinal, stderrTailChars));
  }

  /**
   * `wakes`: a container that was stopped because nobody called, and is called now, is started again without being
   * restarted. `isCreating`: that was told when the restart began, before the process ended.
   */
  #launchContext({ wakes = false, isCreating = false } = {}): LaunchContext {
    return {
      ...this.#context,
      enter: (step) => {
        if (!isCreating || step !== this.#state.kind) this.#enter({ kind: step }, step);
      },
      onInstance: (record) => {
        this.#record = record;
      },
      onRestart: () => {
        if (!wakes) this.#restartCount += 1;
      },
    };
  }

  /** It went down by itself: what the restart policy makes of it. */
  #down(error: ManagerError, options: { withEngine?: boolean } = {}): void {
    const plan = this.#downtime.begin(error, options);
    if (plan.kind === "stay_down") this.#fail(error);
    else if (plan.kind === "give_up") this.#fail(gaveUp(error, plan.restarts));
    else this.#backOff(error, plan.delayMs);
  }

  #backOff(error: ManagerError, delayMs: number): void {
    const message = `${error.message}; starting it again in ${delayMs} ms`;
    this.#enter({ kind: "backing_off", untilMs: this.#context.now() + delayMs }, message);
  }

  #fail(error: ManagerError): void {
    this.#downtime.note(error);
    this.#enter({ kind: "failed" }, error.message);
    if (this.#downtime.isEngines) this.#context.onEngineSilent();
  }

  /** A start or an idle stop under way is given up. */
  async #cancel(why: ManagerError): Promise<void> {
    this.#launch?.abort.abort(why);
    this.#sleep?.abort.abort(why);
    await this.#launch?.done.catch(() => {});
    await this.#sleep?.done;
  }

  /** Nothing happens by itself any more. */
  #calm(): void {
    this.#downtime.cancel();
    this.#health?.stop();
  }

  #enter(state: InstanceState, message: string): void {
    this.#state = transition(this.#state, state);
    if (state.kind !== "ready") this.#health?.stop();
    this.#context.ring.append(this.#record?.instance ?? "", { kind: "lifecycle", state: state.kind, message });
    this.#context.onChange();
  }
}

function readyMessage({ codec, info }: Conversation): string {
  return info === undefined ? `ready (${codec.era} era)` : `ready: ${info.serverName} ${info.serverVersion}`;
}
