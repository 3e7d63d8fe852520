import type { ErrorReason } from "../error-reason.ts";
import { ManagerError, toManagerError } from "../errors.ts";
import type { McpInfo } from "../mcp/mcp-info.ts";
import type { Session } from "../mcp/session.ts";
import type { InstanceRecord } from "../runtime/runtime.ts";
import type { ServerSpec } from "../spec.ts";
import { within } from "../within.ts";
import { type Call, Calls } from "./calls.ts";
import { bringUp, type LaunchContext, type Launched, takeOver } from "./launch.ts";
import type { LogRing } from "./log-ring.ts";
import { readHistory } from "./read-history.ts";
import { planFor } from "./record-plan.ts";
import { type Run, stderrTailChars } from "./run.ts";
import { runEndError } from "./run-end.ts";
import { notRunning, type ServerFailure, startCancelled } from "./server-failure.ts";
import type { ServerSnapshot } from "./server-snapshot.ts";
import { type ServerState, transition } from "./server-state.ts";
import { StopClock } from "./stop-clock.ts";
import { tearDown } from "./tear-down.ts";

/** What a server needs from its fleet. */
export type ServerContext = Omit<LaunchContext, "name" | "spec" | "enter" | "onPull" | "onInstance" | "onRestart"> & {
  readonly now: () => number;
  /** Told of every change that Watch shows; gives it a number, unique in the fleet. */
  readonly onChange: () => number;
};

interface Launch {
  readonly done: Promise<void>;
  readonly abort: AbortController;
}

/** One server of the fleet: its state, its instance, and the calls into it. */
export class ManagedServer {
  readonly name: string;
  readonly spec: ServerSpec;
  readonly #context: ServerContext;
  readonly #calls: Calls;
  #state: ServerState;
  #record: InstanceRecord | undefined;
  #mcp: McpInfo | undefined;
  #failure: ServerFailure | undefined;
  #restartCount = 0;
  #revision = 0;
  #pullProgress = "";
  #launch: Launch | undefined;
  #stop: { readonly clock: StopClock; readonly done: Promise<void> } | undefined;

  constructor(context: ServerContext, server: { name: string; spec: ServerSpec }) {
    this.#context = context;
    this.name = server.name;
    this.spec = server.spec;
    this.#state = { kind: "creating" };
    this.#calls = new Calls(server.name, { maxWaitingChars: context.maxQueuedChars });
  }

  get state(): ServerState["kind"] {
    return this.#state.kind;
  }

  /** Whether a start or a stop is under way. */
  get busy(): boolean {
    return this.#launch !== undefined || this.#stop !== undefined;
  }

  /** Whether the engine may still have something of it. */
  get hasInstance(): boolean {
    return this.#record !== undefined;
  }

  get ring(): LogRing {
    return this.#context.ring;
  }

  /** The Stop under way, if there is one; it does not reject. */
  get stopping(): Promise<void> | undefined {
    return this.#stop?.done.catch(() => {});
  }

  snapshot(): ServerSnapshot {
    return {
      name: this.name,
      spec: this.spec,
      state: this.#state.kind,
      restartCount: this.#restartCount,
      callsInFlight: this.#calls.inFlight,
      callsQueued: this.#calls.queued,
      failure: this.#failure,
      mcp: this.#mcp,
      instance: this.#record,
      strayLines: this.ring.strayLines,
      revision: this.#revision,
      pullProgress: this.#pullProgress,
    };
  }

  /**
   * Brings the server up, or joins a start under way; resolves when it is ready. Throws why it can't be, and
   * `interrupted` when a Stop comes in between.
   */
  start(): Promise<void> {
    if (this.#state.kind === "ready") return Promise.resolve();
    this.#launch ??= this.#begin((signal) => bringUp(this.#launchContext(), { known: this.#record, signal }));
    return this.#launch.done;
  }

  /** Takes over what was found at boot, or says why it can't: how it ended is in the state, not in the promise. */
  async adopt(record: InstanceRecord): Promise<void> {
    let history: Promise<void> | undefined;
    await this.#takeUp(record, () => {
      history = this.#readHistory(record);
    });
    await history;
  }

  /** The engine answers again: a server that failed with it is taken over if it lives, or its end is told. */
  recover(record: InstanceRecord): void {
    if (this.#state.kind !== "failed" || this.#failure?.error.details.reason !== "ENGINE_UNAVAILABLE") return;
    // Its log is known already: no history.
    void this.#takeUp(record, () => {});
  }

  /** Uses the session once it is ready. Throws `not_running`, `too_much`, or `unavailable` when the signal ends the wait. */
  use<T>(call: Call<T>): Promise<T> {
    return this.#calls.run(this.#readiness(), call);
  }

  /** Drains, ends and removes the instance. Joins a Stop under way, and hurries it. Throws when the engine does not answer. */
  stop({ graceMs }: { graceMs: number }): Promise<void> {
    this.#stop?.clock.shorten(graceMs);
    this.#stop ??= this.#beginStop(new StopClock({ graceMs, now: this.#context.now }));
    return this.#stop.done;
  }

  /** The manager shuts down: the instance stays, calls that don't finish within `drainMs` fail. */
  async release(options: { drainMs: number; reason: ErrorReason; message: string }): Promise<void> {
    const { drainMs, reason, message } = options;
    const closing = new ManagerError("unavailable", message, {
      details: { reason, server: this.name, delivery: "not_sent" },
    });
    this.#launch?.abort.abort(closing);
    await this.#launch?.done.catch(() => {});
    this.#calls.settleWaiting(closing);
    await within(drainMs, this.#calls.idle());
    if (this.#state.kind === "ready") this.#state.run.release(options);
    this.ring.close();
  }

  /** Goes on with an instance that runs, or fails with why it does not. `onFound` is called once new output is caught. */
  #takeUp(record: InstanceRecord, onFound: () => void): Promise<void> {
    this.#record = record;
    const plan = planFor(this.name, record);
    if (plan.kind === "take_over") {
      const options = { record, inConversation: false, onAttached: onFound };
      this.#launch ??= this.#begin((signal) => takeOver(this.#launchContext(), { ...options, signal }));
      return this.#launch.done.catch(() => {});
    }
    if ("error" in plan) this.#fail(plan.error);
    onFound();
    return Promise.resolve();
  }

  #begin(work: (signal: AbortSignal) => Promise<Launched>): Launch {
    const abort = new AbortController();
    const done = this.#finish(work(abort.signal), abort.signal);
    done.catch(() => {}); // Whoever waits sees it; nobody needs to.
    return { done, abort };
  }

  async #finish(launched: Promise<Launched>, signal: AbortSignal): Promise<void> {
    try {
      const { run, record, mcp } = await launched;
      this.#launch = undefined;
      this.#record = record;
      this.#mcp = mcp ?? this.#mcp;
      this.#enter({ kind: "ready", run }, `ready: ${this.#mcp?.serverName} ${this.#mcp?.serverVersion}`);
      void run.ended.then(() => this.#onRunEnded(run));
    } catch (error) {
      this.#launch = undefined;
      const failure = toManagerError(error).with({ server: this.name });
      // Whoever aborted it, a Stop or the shutdown, decides what comes next.
      if (!signal.aborted) this.#fail(failure);
      throw failure;
    }
  }

  /** The run ended by itself: a lost attachment is opened again, anything else is a failure. */
  #onRunEnded(run: Run): void {
    if (this.#state.kind !== "ready" || this.#state.run !== run) return;
    const { end } = run;
    if (end === undefined || end.kind === "released") return;
    if (end.kind === "detached") {
      this.#launch = this.#begin((signal) => this.#reattach(signal));
      return;
    }
    if (end.kind === "exited" && this.#record !== undefined) {
      this.#record = { ...this.#record, state: "exited", exit: end.exit };
    }
    this.#fail(runEndError(this.name, { end, stderrTail: run.stderrTail(), doing: "" }));
  }

  /** The same process (same start time) is in conversation already and needs no handshake. */
  async #reattach(signal: AbortSignal): Promise<Launched> {
    const before = this.#record;
    this.#enter({ kind: "handshaking" }, "the engine closed the server's stdio; opening it again");
    if (before === undefined) throw new Error("a server without an instance had a run");
    return takeOver(this.#launchContext(), { record: before, inConversation: true, signal });
  }

  /** What the instance wrote before this manager came, and with it why it ended. Without it the server is as good. */
  async #readHistory({ id, instance }: InstanceRecord): Promise<void> {
    const { runtime, now, log } = this.#context;
    const { ring } = this;
    try {
      await readHistory(ring, { runtime, id, instance, untilMs: now() });
    } catch (error) {
      log.warn("could not read a server's log", { server: this.name, error: String(error) });
    }
    if (this.#failure === undefined || this.#state.kind !== "failed") return;
    const stderrTail = ring.stderrTail(ring.firstOrdinal, stderrTailChars);
    if (stderrTail !== "") this.#failure = { ...this.#failure, error: this.#failure.error.with({ stderrTail }) };
  }

  #beginStop(clock: StopClock): { clock: StopClock; done: Promise<void> } {
    const done = this.#tearDown(clock).finally(() => {
      this.#stop = undefined;
    });
    return { clock, done };
  }

  async #tearDown(clock: StopClock): Promise<void> {
    this.#launch?.abort.abort(startCancelled(this.name));
    await this.#launch?.done.catch(() => {});
    const run = this.#state.kind === "ready" ? this.#state.run : undefined;
    this.#enter({ kind: "draining" }, "stopping");
    const { runtime } = this.#context;
    try {
      await tearDown({
        runtime,
        server: this.name,
        id: this.#record?.id,
        run,
        idle: () => this.#calls.idle(),
        clock,
      });
    } catch (error) {
      this.#fail(toManagerError(error).with({ server: this.name }));
      throw error;
    }
    this.#record = undefined;
    this.#enter({ kind: "stopped" }, "stopped");
    this.ring.close();
  }

  #launchContext(): LaunchContext {
    return {
      ...this.#context,
      name: this.name,
      spec: this.spec,
      enter: (step) => this.#enter({ kind: step }, step),
      onPull: (progress) => {
        this.#pullProgress = progress;
        this.#context.onChange();
      },
      onInstance: (record) => {
        this.#record = record;
      },
      onRestart: () => {
        this.#restartCount += 1;
      },
    };
  }

  #readiness(): Session | ManagerError | undefined {
    switch (this.#state.kind) {
      case "ready":
        return this.#state.run.session;
      case "failed":
        return notRunning(this.name, this.#failure);
      case "draining":
      case "stopped":
        return notRunning(this.name, undefined);
      default:
        return undefined;
    }
  }

  #fail(error: ManagerError): void {
    this.#failure = { error, timeMs: this.#context.now() };
    this.#enter({ kind: "failed" }, error.message);
  }

  #enter(state: ServerState, message: string): void {
    this.#state = transition(this.#state, state);
    this.ring.append(this.#record?.instance ?? "", { kind: "lifecycle", state: state.kind, message });
    const readiness = this.#readiness();
    if (readiness !== undefined) this.#calls.settleWaiting(readiness);
    this.#pullProgress = "";
    this.#revision = this.#context.onChange();
  }
}
