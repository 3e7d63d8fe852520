import type { ErrorReason } from "../error-reason.ts";
import { ManagerError, toManagerError } from "../errors.ts";
import type { McpInfo } from "../mcp/mcp-info.ts";
import type { Session } from "../mcp/session.ts";
import type { InstanceRecord } from "../runtime/runtime.ts";
import type { ServerSpec } from "../spec.ts";
import { within } from "../within.ts";
import { Calls } from "./calls.ts";
import { type LaunchContext, type Launched, launchNew, relaunch, takeOver } from "./launch.ts";
import type { LogRing } from "./log-ring.ts";
import type { Run } from "./run.ts";
import { runEndError } from "./run-end.ts";
import { notRunning, notRunningAtBoot, type ServerFailure, startCancelled } from "./server-failure.ts";
import { type ServerState, transition } from "./server-state.ts";

/** What a server needs from its fleet. */
export type ServerContext = Omit<LaunchContext, "name" | "spec" | "enter" | "onInstance"> & {
  readonly now: () => number;
};

interface Launch {
  readonly done: Promise<void>;
  readonly abort: AbortController;
}

/** A server's description at one moment. */
export interface ServerSnapshot {
  readonly name: string;
  readonly spec: ServerSpec;
  readonly state: ServerState["kind"];
  readonly restartCount: number;
  readonly callsInFlight: number;
  readonly callsQueued: number;
  readonly failure: ServerFailure | undefined;
  readonly mcp: McpInfo | undefined;
  readonly instance: InstanceRecord | undefined;
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
  #launch: Launch | undefined;
  #stop: Promise<void> | undefined;

  constructor(context: ServerContext, server: { name: string; spec: ServerSpec }) {
    this.#context = context;
    this.name = server.name;
    this.spec = server.spec;
    this.#state = { kind: "creating" };
    this.#calls = new Calls(server.name);
  }

  get state(): ServerState["kind"] {
    return this.#state.kind;
  }

  get ring(): LogRing {
    return this.#context.ring;
  }

  /** The Stop under way, if there is one; it does not reject. */
  get stopping(): Promise<void> | undefined {
    return this.#stop?.catch(() => {});
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
    };
  }

  /**
   * Brings the server up, or joins a start under way; resolves when it is ready. Throws why it can't be, and
   * `interrupted` when a Stop comes in between.
   */
  start(): Promise<void> {
    if (this.#state.kind === "ready") return Promise.resolve();
    this.#launch ??= this.#begin((signal) => this.#bringUp(signal));
    return this.#launch.done;
  }

  /** Takes over an instance that runs already, or says why it can't: how it ended is in the state, not in the promise. */
  adopt(record: InstanceRecord): Promise<void> {
    this.#record = record;
    if (record.state !== "running") {
      this.#fail(notRunningAtBoot(this.name, record));
      return Promise.resolve();
    }
    this.#launch ??= this.#begin((signal) =>
      takeOver(this.#launchContext(), { record, inConversation: false, signal }),
    );
    return this.#launch.done.catch(() => {});
  }

  /** The engine answers again: a server that failed with it is taken over if it lives, or its end is told. */
  recover(record: InstanceRecord): void {
    if (this.#state.kind !== "failed" || this.#failure?.error.details.reason !== "ENGINE_UNAVAILABLE") return;
    void this.adopt(record);
  }

  /** Uses the session once it is ready. Throws `not_running`, or `unavailable` when the signal ends the wait. */
  use<T>(signal: AbortSignal | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#calls.run(this.#readiness(), { signal, work });
  }

  /** Drains, ends and removes the instance. Joins a Stop under way. Throws when the engine does not answer. */
  stop(options: { graceMs: number }): Promise<void> {
    this.#stop ??= this.#tearDown(options).finally(() => {
      this.#stop = undefined;
    });
    return this.#stop;
  }

  /** The manager shuts down: the instance stays, calls that don't finish within `drainMs` fail. */
  async release(options: { drainMs: number; reason: ErrorReason; message: string }): Promise<void> {
    this.#launch?.abort.abort(
      new ManagerError("unavailable", options.message, { details: { reason: options.reason } }),
    );
    await this.#launch?.done.catch(() => {});
    await within(options.drainMs, this.#calls.idle());
    if (this.#state.kind === "ready") this.#state.run.release(options);
    this.ring.close();
  }

  async #bringUp(signal: AbortSignal): Promise<Launched> {
    const context = this.#launchContext();
    const known = this.#record;
    const record = known === undefined ? undefined : await this.#context.runtime.inspect(known.id, { signal });
    this.#record = record;
    if (record === undefined) return launchNew(context, { signal });
    this.#restartCount += 1;
    return relaunch(context, { record, signal });
  }

  #begin(work: (signal: AbortSignal) => Promise<Launched>): Launch {
    const abort = new AbortController();
    const done = this.#finish(work(abort.signal));
    done.catch(() => {}); // Whoever waits sees it; nobody needs to.
    return { done, abort };
  }

  async #finish(launched: Promise<Launched>): Promise<void> {
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
      if (failure.kind !== "interrupted") this.#fail(failure);
      throw failure;
    }
  }

  /** The run ended by itself: a lost attachment is opened again, anything else is a failure. */
  #onRunEnded(run: Run): void {
    if (this.#state.kind !== "ready" || this.#state.run !== run || run.end === undefined) return;
    if (run.end.kind === "detached") {
      this.#launch = this.#begin((signal) => this.#reattach(signal));
      return;
    }
    if (run.end.kind === "exited" && this.#record !== undefined) {
      this.#record = { ...this.#record, state: "exited", exit: run.end.exit };
    }
    this.#fail(runEndError(this.name, { end: run.end, stderrTail: run.stderrTail(), doing: "" }));
  }

  /** The same process (same start time) is in conversation already and needs no handshake. */
  async #reattach(signal: AbortSignal): Promise<Launched> {
    const before = this.#record;
    this.#enter({ kind: "handshaking" }, "the engine closed the server's stdio; opening it again");
    const record = before === undefined ? undefined : await this.#context.runtime.inspect(before.id, { signal });
    if (record?.state !== "running") {
      throw runEndError(this.name, { end: { kind: "gone" }, stderrTail: "", doing: "" });
    }
    const inConversation = record.startTimeMs === before?.startTimeMs;
    return takeOver(this.#launchContext(), { record, inConversation, signal });
  }

  async #tearDown({ graceMs }: { graceMs: number }): Promise<void> {
    const { runtime, now } = this.#context;
    const deadlineMs = now() + graceMs;
    this.#launch?.abort.abort(startCancelled(this.name));
    await this.#launch?.done.catch(() => {});
    const run = this.#state.kind === "ready" ? this.#state.run : undefined;
    this.#enter({ kind: "draining" }, "stopping");
    try {
      const id = this.#record?.id;
      if (id !== undefined) await runtime.markStopping(id, {});
      await within(drainMs(graceMs), this.#calls.idle());
      if (id !== undefined) await runtime.stop(id, { graceMs: Math.max(0, deadlineMs - now()) });
      run?.release({ reason: "SERVER_STOPPED", message: `server ${this.name} was stopped` });
      if (id !== undefined) await runtime.remove(id, {});
    } catch (error) {
      run?.release({ reason: "SERVER_STOPPED", message: `server ${this.name} was being stopped` });
      this.#fail(toManagerError(error).with({ server: this.name }));
      throw error;
    }
    this.#enter({ kind: "stopped" }, "stopped");
    this.ring.close();
  }

  #launchContext(): LaunchContext {
    return {
      ...this.#context,
      name: this.name,
      spec: this.spec,
      enter: (step) => this.#enter({ kind: step }, step),
      onInstance: (record) => {
        this.#record = record;
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
  }
}

/** Calls in flight get most of the grace period; the server's own shutdown keeps up to two seconds of it. */
function drainMs(graceMs: number): number {
  return Math.max(graceMs / 2, graceMs - 2000);
}
