import { abortable } from "../../base/async/abortable.ts";
import type { ErrorReason } from "../../base/errors/error-reason.ts";
import { type ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import type { McpInfo } from "../../mcp/protocol/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { Permits } from "../calls/permits.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { LiveSession } from "../state/live-session.ts";
import { replaced, type ServerFailure, startCancelled } from "../state/server-failure.ts";
import type { InstanceSnapshot } from "../state/server-snapshot.ts";
import type { StateKind } from "../state/state-kind.ts";
import { cleanUp } from "./clean-up.ts";
import { InstanceStatus } from "./instance-status.ts";
import { Launcher } from "./launcher.ts";
import { Recovery } from "./recovery.ts";
import { Sleep } from "./sleep.ts";
import { StopClock } from "./stop-clock.ts";
import { tearDown } from "./tear-down.ts";
import { Yielding } from "./yielding.ts";

/** One instance of a server, and what can be asked of it. */
export class ServerInstance {
  readonly replica: number;
  readonly permits: Permits;
  readonly #context: InstanceContext;
  readonly #status: InstanceStatus;
  readonly #sleep: Sleep;
  readonly #launcher: Launcher;
  readonly #recovery: Recovery;
  readonly #yielding: Yielding;

  constructor(context: InstanceContext) {
    this.#context = context;
    this.replica = context.replica;
    const status = new InstanceStatus(context, { onDue: () => this.#onDue() });
    const sleep = new Sleep(context, status);
    const launcher = new Launcher(context, { status, sleep, onRunEnded: (run) => this.#recovery.runEnded(run) });
    this.#recovery = new Recovery(context, { status, launcher, sleep });
    this.#status = status;
    this.#sleep = sleep;
    this.#launcher = launcher;
    this.permits = new Permits(() => status.record?.instance ?? "");
    this.#yielding = new Yielding(context, {
      status,
      idle: () => this.permits.allLeft(),
      calm: () => this.cancelLaunch(startCancelled(context.server.name)),
    });
  }

  get state(): StateKind {
    const { kind } = this.#status.state;
    // Not idle either: a call waits for the one that takes its place.
    return (kind === "ready" || kind === "idle") && this.#yielding.givesWay ? "creating" : kind;
  }

  /** Whether it has no container, and nobody has wanted one yet. */
  get rests(): boolean {
    const { state, record } = this.#status;
    return record === undefined && !this.launching && state.kind === "idle";
  }

  /** What it is made by. */
  get made(): { readonly spec: ServerSpec; readonly origin: string | undefined } {
    const { spec, origin } = this.#context;
    return { spec, origin };
  }

  get record(): InstanceRecord | undefined {
    return this.#status.record;
  }

  /** The engine's id of its container, if it has one. */
  get id(): string | undefined {
    return this.#status.record?.id;
  }

  get mcp(): McpInfo | undefined {
    return this.#status.mcp;
  }

  get live(): LiveSession | undefined {
    return this.#yielding.givesWay ? undefined : this.#status.live;
  }

  get failure(): ServerFailure | undefined {
    return this.#status.downtime.failure;
  }

  /** Why it went down, until it comes up. */
  get downFor(): ServerFailure | undefined {
    const { failure, isOver } = this.#status.downtime;
    return isOver ? undefined : failure;
  }

  get restartCount(): number {
    return this.#status.restartCount;
  }

  get launching(): boolean {
    return this.#launcher.underWay !== undefined;
  }

  /** Resolves when no start is under way, however it ended. */
  async settled(): Promise<void> {
    await this.#launcher.underWay?.catch(() => {});
  }

  /** Undefined before there is a container. */
  snapshot(): InstanceSnapshot | undefined {
    return this.#status.snapshot({ callsInFlight: this.permits.taken });
  }

  /**
   * Brings the instance up, or joins a start under way; resolves when it is ready. Throws why it can't be, and
   * `interrupted` when a Stop comes in between.
   */
  start(): Promise<void> {
    if (this.state === "ready") return Promise.resolve();
    const { underWay } = this.#launcher;
    if (underWay !== undefined) return underWay;
    this.#status.downtime.beginAnew();
    return this.#launcher.bringUp("asked");
  }

  /** A call came while it is idle: starts it. How that ends is in the state. */
  wake(): void {
    if (this.state === "idle" && !this.launching) void this.#launcher.bringUp("automatic");
  }

  /** Stops the container because nobody calls; it stays. */
  sleep(): void {
    this.#sleep.begin();
  }

  /**
   * Stops the process and starts it again in the same container; new calls wait meanwhile. Joins a start under way, and
   * hurries a restart.
   */
  restart({ graceMs }: { graceMs: number }): Promise<void> {
    this.#launcher.hurry(graceMs);
    const { state, record } = this.#status;
    if (this.launching || state.kind !== "ready" || record === undefined) return this.start();
    const clock = new StopClock({ graceMs, elapsedMs: this.#context.services.clocks.elapsedMs });
    return this.#launcher.restart({ record, run: state.run, clock, idle: () => this.permits.allLeft() });
  }

  /** Takes over what was found at boot, or says why it can't: how it ended is in the state, not in the promise. */
  adopt(record: InstanceRecord): Promise<void> {
    return this.#recovery.adopt(record);
  }

  /**
   * Makes it, beside another one whose place it is to take; resolves when it is ready. Throws why it can't be, and the
   * reason of `signal`; nothing is left of it then.
   */
  async startInPlaceOf(old: ServerInstance, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const coming = this.#launcher.bringUp("asked", { takesPlaceOf: old.id });
    try {
      await abortable(coming, signal);
    } catch (error) {
      await this.cancelLaunch(toManagerError(error));
      // It came up at the very moment.
      if (this.#status.state.kind === "ready") await this.discard();
      throw error;
    }
  }

  /** The place, and with it the name, of the one before is its own. What does not work now is done at the next look. */
  async takeName(): Promise<void> {
    const { record } = this.#status;
    if (record === undefined) return;
    await cleanUp(this.#context, () => this.#context.services.runtime.mark(record.id, "none", {}));
  }

  /** Another one has its place: calls in flight end here. */
  async retire(): Promise<ReturnType<Yielding["retire"]>> {
    await this.cancelLaunch(startCancelled(this.#context.server.name));
    return this.#yielding.retire();
  }

  /** Ends before another one takes its place; its container is kept. Throws the reason of `signal`. */
  giveWay(options: { readonly signal: AbortSignal }): Promise<void> {
    return this.#yielding.giveWay(options);
  }

  /** The one that was to take its place did not come up: it serves again, as soon as it can. */
  async comeBack(): Promise<void> {
    await this.#yielding.comeBack();
    const { kind } = this.#status.state;
    const isAsBefore = kind === "idle" || kind === "ready" || (kind === "failed" && !this.#yielding.endedProcess);
    if (!isAsBefore && !this.launching) await this.#launcher.bringUp("automatic").catch(() => {});
  }

  /** This is its container, with which nothing is done yet. */
  async keep(record: InstanceRecord): Promise<void> {
    this.#status.hold(record);
  }

  /** The engine tells nothing any more. */
  engineLost(): void {
    this.#recovery.engineLost();
  }

  /** One that gives way is started again only when it comes back. */
  #onDue(): void {
    if (!this.#yielding.givesWay) void this.#launcher.bringUp("automatic");
  }

  /** What the engine has of it, after something may have changed there. */
  look(record: InstanceRecord): void {
    this.#recovery.look(record);
  }

  /** The kernel ended a process of it for lack of memory. */
  outOfMemory(): void {
    this.#status.outOfMemory();
  }

  /** The engine has not its container any more. */
  lookGone(): void {
    this.#recovery.lookGone();
  }

  /** Ends and removes the container. Throws when the engine does not answer. */
  async stop(clock: StopClock): Promise<void> {
    const retiring = this.#yielding.hurry(clock);
    if (retiring !== undefined) return retiring;
    const { runtime, log } = this.#context.services;
    const { name: server } = this.#context.server;
    await this.cancelLaunch(startCancelled(server));
    const { state, record } = this.#status;
    const run = state.kind === "ready" ? state.run : undefined;
    this.#status.enter({ kind: "draining" }, "stopping");
    try {
      const idle = () => this.permits.allLeft();
      await tearDown({ runtime, log, server, id: record?.id, record, run, idle, clock });
    } catch (error) {
      this.#status.fail(toManagerError(error).with({ server }));
      throw error;
    }
    this.#status.hold(undefined);
    this.#status.enter({ kind: "stopped" }, "stopped");
  }

  /**
   * Nothing is left of one that was to take another's place, which is not touched. A failure goes to the log: the reaper
   * finds what is left.
   */
  async discard(): Promise<void> {
    const { server, services } = this.#context;
    await this.cancelLaunch(startCancelled(server.name));
    const { state, record } = this.#status;
    if (state.kind === "ready") state.run.release(replaced(server.name));
    if (record !== undefined) await cleanUp(this.#context, () => services.runtime.remove(record.id, {}));
  }

  /** Nothing happens by itself any more; a start or an idle stop under way is given up. */
  async cancelLaunch(why: ManagerError): Promise<void> {
    this.#status.calm();
    await Promise.all([this.#launcher.cancel(why), this.#sleep.cancel(why)]);
  }

  /** The manager shuts down: the session ends, the container stays. */
  letGo(why: { reason: ErrorReason; message: string }): void {
    const { state } = this.#status;
    this.#status.calm();
    if (state.kind === "ready") state.run.release(why);
    this.#yielding.letGo(why);
  }
}
