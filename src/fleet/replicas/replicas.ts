import type { ErrorReason } from "../../base/errors/error-reason.ts";
import { type ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import type { McpInfo } from "../../mcp/protocol/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { Permit } from "../calls/permits.ts";
import { combined } from "../instance/instance-state.ts";
import type { ServerInstance } from "../instance/server-instance.ts";
import type { StopClock } from "../instance/stop-clock.ts";
import type { LiveSession } from "../state/live-session.ts";
import type { ServerFailure } from "../state/server-failure.ts";
import type { InstanceSnapshot } from "../state/server-snapshot.ts";
import type { StateKind } from "../state/state-kind.ts";

/** The instances of one server as if they were one, whatever each is made by. */
export class Replicas {
  #instances: readonly ServerInstance[];
  /** Those that are to take another's place, and those whose place was taken: they get no new calls. */
  readonly #beside = new Set<ServerInstance>();
  /** How often those were restarted that others took the place of. */
  #earlierRestarts = 0;

  constructor(instances: readonly ServerInstance[]) {
    this.#instances = instances;
  }

  get instances(): readonly ServerInstance[] {
    return this.#instances;
  }

  /** It rests without any. */
  get isEmpty(): boolean {
    return this.#instances.length === 0;
  }

  get #all(): readonly ServerInstance[] {
    return [...this.#instances, ...this.#beside];
  }

  /** What they are doing: ready as soon as one is. */
  get state(): StateKind {
    return combined(this.instances.map(({ state }) => state));
  }

  get launching(): boolean {
    return this.#all.some(({ launching }) => launching);
  }

  /** Whether this container finishes its calls because another one has its place. */
  retires(id: string): boolean {
    return [...this.#beside].some((instance) => instance.id === id);
  }

  /** Keeps one that gets no calls among those that are known, until `done`. */
  async beside<T>(instance: ServerInstance, done: Promise<T>): Promise<T> {
    this.#beside.add(instance);
    try {
      return await done;
    } finally {
      this.#beside.delete(instance);
    }
  }

  /** From now on one of them is another. */
  swap(old: ServerInstance, next: ServerInstance): void {
    this.#earlierRestarts += old.restartCount;
    this.#instances = this.#instances.map((instance) => (instance === old ? next : instance));
  }

  add(...instances: readonly ServerInstance[]): void {
    this.#instances = [...this.#instances, ...instances];
  }

  drop(instance: ServerInstance): void {
    this.#earlierRestarts += instance.restartCount;
    this.#instances = this.#instances.filter((other) => other !== instance);
  }

  /** The engine's ids of their containers. */
  get ids(): readonly string[] {
    return this.#all.flatMap(({ id }) => id ?? []);
  }

  /** The sessions of those that are ready. */
  get live(): readonly LiveSession[] {
    return this.instances.flatMap(({ live }) => live ?? []);
  }

  /** Why one of them last failed. */
  get failure(): ServerFailure | undefined {
    return newest(this.instances.flatMap(({ failure }) => failure ?? []));
  }

  /** Why one of them went down that has not come up since. */
  get downFor(): ServerFailure | undefined {
    return newest(this.instances.flatMap(({ downFor }) => downFor ?? []));
  }

  get mcp(): McpInfo | undefined {
    return this.instances.find(({ mcp }) => mcp !== undefined)?.mcp;
  }

  get restartCount(): number {
    return this.instances.reduce((sum, { restartCount }) => sum + restartCount, this.#earlierRestarts);
  }

  /** Of those that have a container. */
  snapshots(): InstanceSnapshot[] {
    return this.instances.flatMap((instance) => instance.snapshot() ?? []);
  }

  /**
   * A permit at the ready instance with the fewest calls; undefined: none is ready yet. Those that are idle are woken.
   */
  take(): Permit | undefined {
    this.wake();
    let best: { instance: ServerInstance; live: LiveSession } | undefined;
    for (const instance of this.instances) {
      const { live, permits } = instance;
      if (live === undefined || (best !== undefined && best.instance.permits.taken <= permits.taken)) continue;
      best = { instance, live };
    }
    return best?.instance.permits.take(best.live.session);
  }

  /** Starts those that are idle. */
  wake(): void {
    for (const instance of this.instances) instance.wake();
  }

  /** Stops those that are ready, because nobody calls. */
  sleep(): void {
    for (const instance of this.instances) instance.sleep();
  }

  /**
   * Brings each up, or joins its start; resolves when all are ready. Throws why one can't be, once the others are or
   * can't.
   */
  start(): Promise<void> {
    return all(this.instances.map((instance) => instance.start()));
  }

  /** Resolves when no start is under way, however it ended. */
  async settled(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.settled()));
  }

  /** Starts every process again, one after the other; calls wait or go to the others. Throws as `start`. */
  async restart({ graceMs }: { graceMs: number }): Promise<void> {
    for (const instance of this.instances) await instance.restart({ graceMs });
  }

  /** Drains, ends and removes each. Throws when the engine does not answer, once it is tried with all. */
  stop(clock: StopClock): Promise<void> {
    return all(this.#all.map((instance) => instance.stop(clock)));
  }

  /** The engine tells nothing any more. */
  engineLost(): void {
    for (const instance of this.instances) instance.engineLost();
  }

  /** What the engine has of one of them, after something may have changed there. */
  look(record: InstanceRecord): void {
    this.instances.find(({ id }) => id === record.id)?.look(record);
  }

  /** The kernel ended a process in this container for lack of memory. */
  outOfMemory(id: string): void {
    this.#all.find((instance) => instance.id === id)?.outOfMemory();
  }

  /** The engine has not this container any more. */
  lookGone(id: string): void {
    for (const instance of this.instances) if (instance.id === id) instance.lookGone();
  }

  /** The manager shuts down: starts and idle stops under way are given up. */
  async cancelLaunches(why: ManagerError): Promise<void> {
    await Promise.all(this.#all.map((instance) => instance.cancelLaunch(why)));
  }

  /** The manager shuts down: the sessions end, the containers stay. */
  letGo(why: { reason: ErrorReason; message: string }): void {
    for (const instance of this.#all) instance.letGo(why);
  }
}

/** As many instances as the spec says, none of them up. */
export function instancesOf<M extends { readonly spec: ServerSpec }>(
  made: M,
  newInstance: (made: M, replica: number) => ServerInstance,
): readonly ServerInstance[] {
  return Array.from({ length: made.spec.replicas ?? 1 }, (_, replica) => newInstance(made, replica));
}

function newest(failures: readonly ServerFailure[]): ServerFailure | undefined {
  return failures.toSorted((a, b) => b.timeMs - a.timeMs)[0];
}

/** Waits for all, then throws as the first that failed. */
async function all(works: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw toManagerError(failed.reason);
}
