import type { ErrorReason } from "../../base/errors/error-reason.ts";
import { type ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { McpInfo } from "../../mcp/protocol/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { Permits } from "../calls/permits.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { LiveSession } from "../state/live-session.ts";
import { type ServerFailure, startCancelled } from "../state/server-failure.ts";
import type { InstanceSnapshot } from "../state/server-snapshot.ts";
import type { StateKind } from "../state/state-kind.ts";
import { InstanceStatus } from "./instance-status.ts";
import { Launcher } from "./launcher.ts";
import { Recovery } from "./recovery.ts";
import { Sleep } from "./sleep.ts";
import { StopClock } from "./stop-clock.ts";
import { tearDown } from "./tear-down.ts";

/** One instance of a server, and what can be asked of it. */
export class ServerInstance {
  readonly replica: number;
  readonly permits: Permits;
  readonly #context: InstanceContext;
  readonly #status: InstanceStatus;
  readonly #sleep: Sleep;
  readonly #launcher: Launcher;
  readonly #recovery: Recovery;

  constructor(context: InstanceContext) {
    this.#context = context;
    this.replica = context.replica;
    const status = new InstanceStatus(context, { onDue: () => void this.#launcher.bringUp("automatic") });
    const sleep = new Sleep(context, status);
    const launcher = new Launcher(context, { status, sleep, onRunEnded: (run) => this.#recovery.runEnded(run) });
    this.#recovery = new Recovery(context, { status, launcher, sleep });
    this.#status = status;
    this.#sleep = sleep;
    this.#launcher = launcher;
    this.permits = new Permits(() => status.record?.instance ?? "");
  }

  get state(): StateKind {
    return this.#status.state.kind;
  }

  /** The engine's id of its container, if it has one. */
  get id(): string | undefined {
    return this.#status.record?.id;
  }

  get mcp(): McpInfo | undefined {
    return this.#status.mcp;
  }

  get live(): LiveSession | undefined {
    return this.#status.live;
  }

  get failure(): ServerFailure | undefined {
    return this.#status.downtime.failure;
  }

  get restartCount(): number {
    return this.#status.restartCount;
  }

  get launching(): boolean {
    return this.#launcher.underWay !== undefined;
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

  /** The engine tells nothing any more. */
  engineLost(): void {
    this.#recovery.engineLost();
  }

  /** What the engine has of it, after something may have changed there. */
  look(record: InstanceRecord): void {
    this.#recovery.look(record);
  }

  /** The engine has not its container any more. */
  lookGone(): void {
    this.#recovery.lookGone();
  }

  /** Ends and removes the container. Throws when the engine does not answer. */
  async stop(clock: StopClock): Promise<void> {
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
  }
}
