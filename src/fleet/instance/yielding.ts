import { abortable } from "../../base/async/abortable.ts";
import { toManagerError } from "../../base/errors/errors.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Release } from "../run/run.ts";
import { replaced } from "../state/server-failure.ts";
import { cleanUp } from "./clean-up.ts";
import type { InstanceStatus } from "./instance-status.ts";
import { leaveMark } from "./leave-mark.ts";
import { idleGraceMs, StopClock } from "./stop-clock.ts";
import { endProcess, tearDown } from "./tear-down.ts";

export interface YieldingOptions {
  readonly status: InstanceStatus;
  /** Resolves when no call is under way. */
  readonly idle: () => Promise<void>;
  /** Nothing happens to it by itself any more. */
  readonly calm: () => Promise<void>;
}

/** How an instance goes whose place another one takes. No call into it is lost: each may take until its own deadline. */
export class Yielding {
  readonly #context: InstanceContext;
  readonly #status: InstanceStatus;
  readonly #idle: () => Promise<void>;
  readonly #calm: () => Promise<void>;
  readonly #hurried = Promise.withResolvers<StopClock | undefined>();
  #letGo: (why: Release) => void = () => {};
  #retired: Promise<void> | undefined;
  #givesWay = false;
  #endedProcess = false;

  constructor(context: InstanceContext, { status, idle, calm }: YieldingOptions) {
    this.#context = context;
    this.#status = status;
    this.#idle = idle;
    this.#calm = calm;
  }

  /** It takes no new calls, though it may be ready: another one is to take its place. */
  get givesWay(): boolean {
    return this.#givesWay;
  }

  /** Whether its process was ended so that another one could take its place. */
  get endedProcess(): boolean {
    return this.#endedProcess;
  }

  /** A retirement under way, which has this long from now on; undefined: there is none. */
  hurry(clock: StopClock): Promise<void> | undefined {
    this.#hurried.resolve(clock);
    return this.#retired;
  }

  /** The manager shuts down: what is left to do with one that retires is the next manager's. */
  letGo(why: Release): void {
    this.#letGo(why);
    this.#hurried.resolve(undefined);
  }

  /**
   * Another one has its place: its name is free when `marked` resolves, and it is gone when `done` does. A manager that
   * dies in between leaves the mark of a Stop, by which the next one removes it.
   */
  retire(): { readonly marked: Promise<void>; readonly done: Promise<void> } {
    const { record } = this.#status;
    const marked = record === undefined ? Promise.resolve() : leaveMark("stopping", { ...this.#about, id: record.id });
    this.#retired = this.#finish(marked);
    return { marked, done: this.#retired };
  }

  /**
   * It ends before another one takes its place, and its container is kept. Throws the reason of `signal`, and serves on,
   * when that aborts before its process is told to end.
   */
  async giveWay({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { runtime, clocks } = this.#context.services;
    this.#givesWay = true;
    this.#endedProcess = false;
    this.#context.server.onChange();
    await this.#calm();
    const { record } = this.#status;
    if (record === undefined) return;
    await leaveMark("replaced", { ...this.#about, id: record.id });
    await abortable(this.#idle(), signal);
    // It may have gone down meanwhile, and be about to be started again.
    await this.#calm();
    const { state } = this.#status;
    const run = state.kind === "ready" ? state.run : undefined;
    if (run !== undefined) this.#status.enter({ kind: "creating" }, "stopped: another container takes its place");
    const clock = new StopClock({ graceMs: idleGraceMs, elapsedMs: clocks.elapsedMs });
    await endProcess({
      runtime,
      id: record.id,
      run,
      idle: this.#idle,
      clock,
      why: replaced(this.#context.server.name),
    });
    this.#endedProcess = record.state !== "exited";
    this.#status.hold((await runtime.inspect(record.id, {})) ?? record);
  }

  /** The other one did not come up: this one has its place again. */
  async comeBack(): Promise<void> {
    const { record } = this.#status;
    if (record !== undefined) {
      await cleanUp(this.#context, () => this.#context.services.runtime.mark(record.id, "none", {}));
    }
    this.#givesWay = false;
    this.#context.server.onChange();
  }

  async #finish(marked: Promise<void>): Promise<void> {
    const { server, services } = this.#context;
    const { state, record } = this.#status;
    const run = state.kind === "ready" ? state.run : undefined;
    this.#letGo = (why) => run?.release(why);
    this.#status.enter({ kind: "draining" }, "another container has taken its place");
    const elapsed = { elapsedMs: services.clocks.elapsedMs };
    try {
      await marked;
      const left = this.#idle().then(() => new StopClock({ graceMs: idleGraceMs, ...elapsed }));
      const clock = await Promise.race([left, this.#hurried.promise]);
      if (clock === undefined) return;
      await tearDown({ ...this.#about, id: record?.id, record, run, idle: this.#idle, clock });
    } catch (error) {
      run?.release(replaced(server.name));
      this.#status.fail(toManagerError(error).with({ server: server.name }));
      throw error;
    }
    this.#status.hold(undefined);
    this.#status.enter({ kind: "stopped" }, "stopped");
  }

  get #about() {
    const { services, server } = this.#context;
    return { runtime: services.runtime, log: services.log, server: server.name };
  }
}
