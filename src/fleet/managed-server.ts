import type { AbortSource } from "../base/async/abort-source.ts";
import { within } from "../base/async/within.ts";
import type { ManagerError } from "../base/errors/errors.ts";
import type { ServerSpec } from "../base/spec/spec.ts";
import type { LogLevel } from "../mcp/protocol/log-level.ts";
import type { InstanceRecord } from "../runtime/runtime.ts";
import { type Call, Calls } from "./calls/calls.ts";
import type { Permit } from "./calls/permits.ts";
import { ServerInstance } from "./instance/server-instance.ts";
import { StopClock } from "./instance/stop-clock.ts";
import type { LogRing } from "./logs/log-ring.ts";
import type { NewServer } from "./new-server.ts";
import { Adoption, isSameMade } from "./replicas/adoption.ts";
import { instancesOf, Replicas } from "./replicas/replicas.ts";
import { type Made, type MadeAnew, type NewInstance, Updates } from "./replicas/updates.ts";
import { KeptLogLevel } from "./resources/kept-log-level.ts";
import { ResourceFeeds, type ResourceSubscription } from "./resources/resource-feeds.ts";
import type { FleetServices } from "./run/fleet-services.ts";
import { managerStopping } from "./state/fleet-error.ts";
import { notRunning, notStarted, startCancelled } from "./state/server-failure.ts";
import type { ServerSnapshot } from "./state/server-snapshot.ts";
import type { StateKind } from "./state/state-kind.ts";
import { type Wish, wishFor } from "./wish.ts";

export interface ManagedServerOptions extends NewServer {
  readonly ring: LogRing;
  /** Told of every change that Watch shows; gives it a number, unique in the fleet. */
  readonly onChange: () => number;
}

/** One server of the fleet: its instances, and the calls into them. */
export class ManagedServer {
  readonly name: string;
  readonly ring: LogRing;
  readonly #services: FleetServices;
  readonly #numberChange: () => number;
  readonly #calls: Calls;
  readonly #idleClock: Parameters<typeof wishFor>[1];
  #wish: Wish;
  readonly #replicas: Replicas;
  readonly #updates: Updates;
  readonly #adoption: Adoption;
  readonly #newInstance: NewInstance;
  readonly #feeds = new ResourceFeeds({ live: () => this.#replicas.live, onLeave: () => this.#wish.idle?.touch() });
  readonly #logLevel: KeptLogLevel;
  #revision = 0;
  #pullProgress = "";
  #state: StateKind;
  /** It was ready, or found at boot: a Start that fails leaves it as it is. */
  #isKept: boolean;
  #stop: { readonly clock: StopClock; readonly done: Promise<void> } | undefined;

  constructor(services: FleetServices, options: ManagedServerOptions) {
    const { name, spec, origin, ring, rests, isKept = rests !== undefined } = options;
    this.name = name;
    this.ring = ring;
    this.#services = services;
    this.#idleClock = { elapsedMs: services.clocks.elapsedMs, onIdle: () => this.#sleep() };
    this.#numberChange = options.onChange;
    this.#logLevel = new KeptLogLevel(name, services);
    this.#calls = new Calls(name, {
      refusal: () => this.#refusal(),
      take: () => this.#replicas.take(),
      doing: () => ({ state: this.#state, failure: this.#replicas.downFor }),
      limits: () => this.#wish.callLimits,
      maxQueuedChars: services.limits.maxQueuedChars,
    });
    this.#wish = wishFor({ spec, origin }, this.#idleClock);
    const onChange = () => this.#onChange();
    const server = { name, ring, onPull: (progress: string) => this.#onPull(progress), onChange };
    this.#newInstance = (made, replica, { rests = false } = {}) =>
      new ServerInstance({ services, server, ...made, replica, rests });
    this.#isKept = isKept;
    this.#state = rests ?? "creating";
    const first: NewInstance = (made, replica) => this.#newInstance(made, replica, { rests: rests === "idle" });
    this.#replicas = new Replicas(rests === "stopped" ? [] : instancesOf({ spec, origin }, first));
    this.#updates = new Updates(this.#replicas, { services, newInstance: this.#newInstance, onSwap: onChange });
    const parts = { replicas: this.#replicas, updates: this.#updates, newInstance: this.#newInstance };
    const become = (made: Made) => this.#become(made);
    this.#adoption = new Adoption({ ...parts, become, stops: () => this.#stop !== undefined });
  }

  /** What it is to be now. */
  get spec(): ServerSpec {
    return this.#wish.spec;
  }

  /** The set that declared it; undefined: a Start made it. */
  get origin(): string | undefined {
    return this.#wish.origin;
  }

  /** Whether a start, an update or a stop is under way. */
  get busy(): boolean {
    return this.#stop !== undefined || this.#updates.underWay || this.#replicas.launching;
  }

  /** Whether it never came up, and the engine has nothing of it any more. */
  get isNothing(): boolean {
    return !this.#isKept && this.ids.length === 0;
  }

  /** The engine's ids of its instances. */
  get ids(): readonly string[] {
    return this.#replicas.ids;
  }

  /** Whether this container only finishes its calls, since another one has its place. */
  retires(id: string): boolean {
    return this.#replicas.retires(id);
  }

  /** Whether this container of the engine is one of its instances. */
  owns(id: string): boolean {
    return this.ids.includes(id);
  }

  /** The Stop under way, if there is one; it does not reject. */
  get stopping(): Promise<void> | undefined {
    return this.#stop?.done.catch(() => {});
  }

  snapshot(): ServerSnapshot {
    return {
      name: this.name,
      spec: this.spec,
      origin: this.origin,
      state: this.#state,
      rests: this.#stop === undefined && this.#replicas.isEmpty,
      restartCount: this.#replicas.restartCount,
      callsInFlight: this.#calls.inFlight,
      callsQueued: this.#calls.queued,
      failure: this.#replicas.failure,
      mcp: this.#replicas.mcp,
      instances: this.#replicas.snapshots(),
      ...this.ring.counters,
      revision: this.#revision,
      pullProgress: this.#pullProgress,
    };
  }

  /**
   * Brings every instance up, or joins a start under way; resolves when all are ready. Throws why one can't be, and
   * `interrupted` when a Stop comes in between. A first start that fails leaves no instance, unless it can't be removed
   * now.
   */
  async start(): Promise<void> {
    if (this.#state !== "ready" && this.#updates.underWay) await this.#updates.over();
    if (this.#replicas.isEmpty) this.#replicas.add(...instancesOf(this.#wish, this.#newInstance));
    try {
      await this.#replicas.start();
    } catch (error) {
      const isLeft = !this.#isKept && this.#stop === undefined && this.#replicas.instances.length > 1;
      // Why it could not start is what the caller must see.
      if (isLeft) await this.stop({ graceMs: 0 }).catch(() => {});
      throw error;
    }
  }

  /** Takes over what was found at boot; an instance that was not found is made. The outcome is in the state. */
  adopt(records: readonly InstanceRecord[]): Promise<void> {
    this.#isKept = true;
    return this.#adoption.begin(records);
  }

  /** Resolves when it is known what it is made by, after a manager that died while it replaced it. */
  decided(): Promise<void> {
    return this.#adoption.decided();
  }

  /**
   * Makes it what is declared now, without losing a call: another container takes each one's place. One that may rest, and
   * has no container, only changes its wish. Throws why the new one does not come up; then the old one serves on.
   * Throws `interrupted` when a Stop comes in between.
   */
  async update(to: MadeAnew): Promise<void> {
    await this.#adoption.over();
    await this.#replicas.settled();
    if (this.#stop !== undefined) throw notRunning(this.name, undefined);
    if (!this.#replicas.isEmpty) await this.#updates.begin(this.#wish, to);
    this.#become(to);
  }

  /** The engine tells nothing any more. */
  engineLost(): void {
    this.#replicas.engineLost();
  }

  /** What the engine has of an instance of this server, after something may have changed there. */
  look(record: InstanceRecord): void {
    if (this.#stop === undefined) this.#replicas.look(record);
  }

  /** The kernel ended a process for lack of memory, in this container of any server. */
  outOfMemory(id: string): void {
    this.#replicas.outOfMemory(id);
  }

  /** The engine has not this container any more. */
  lookGone(id: string): void {
    if (this.#stop === undefined) this.#replicas.lookGone(id);
  }

  /**
   * Uses a session once there is one. Throws `not_running`, `too_much`, or `unavailable` when the signal ends the wait.
   */
  use<T>(call: Call<T>): Promise<T> {
    const { idle } = this.#wish;
    if (idle === undefined) return this.#calls.run(call);
    idle.touch();
    return this.#calls.run(call).finally(() => idle.touch());
  }

  /** Joins those who want to know when a resource changes. The server is not idle meanwhile. */
  follow(uri: string): ResourceSubscription {
    return this.#feeds.join(uri);
  }

  /**
   * Sets the level of log notifications by one session, for all there are and will be. Throws as `Session.setLogLevel`.
   */
  async setLogLevel(level: LogLevel, options: { permit: Permit; signal: AbortSource | undefined }): Promise<void> {
    const { permit, signal } = options;
    await this.#logLevel.set(level, { session: permit.session, signal });
    this.#logLevel.attend(this.#replicas.live);
  }

  /** Starts every process again, one after the other; calls wait or go to the others. Throws as `start`. */
  async restart({ graceMs }: { graceMs: number }): Promise<void> {
    if (this.#updates.underWay) await this.#updates.over();
    return this.#replicas.restart({ graceMs });
  }

  /**
   * Drains, ends and removes the instances. Joins a Stop under way, and hurries it. Throws when the engine does not
   * answer.
   */
  stop({ graceMs }: { graceMs: number }): Promise<void> {
    this.#stop?.clock.shorten(graceMs);
    this.#stop ??= this.#beginStop(new StopClock({ graceMs, elapsedMs: this.#services.clocks.elapsedMs }));
    // `#finishStop` clears `#stop` before a Start that waits for `stopping` goes on.
    return this.#stop.done;
  }

  /** The manager shuts down: the instances stay, calls that don't finish within `drainMs` fail. */
  async release({ drainMs }: { drainMs: number }): Promise<void> {
    const closing = managerStopping().with({ server: this.name });
    this.#wish.idle?.stop();
    await this.#updates.cancel(closing);
    await this.#replicas.cancelLaunches(closing);
    this.#calls.failQueued(closing);
    await within(drainMs, this.#calls.idle());
    this.#replicas.letGo({ reason: "MANAGER_STOPPING", message: closing.message });
    this.ring.close();
  }

  #beginStop(clock: StopClock): { clock: StopClock; done: Promise<void> } {
    this.#wish.idle?.stop();
    return { clock, done: this.#finishStop(clock) };
  }

  async #finishStop(clock: StopClock): Promise<void> {
    try {
      await this.#updates.cancel(startCancelled(this.name));
      await this.#replicas.stop(clock);
      this.ring.close();
    } finally {
      this.#stop = undefined;
    }
  }

  #become(made: Made): void {
    if (isSameMade(made, this.#wish)) return;
    this.#wish.idle?.stop();
    this.#wish = wishFor(made, this.#idleClock);
    if (this.#state === "ready") this.#wish.idle?.start();
    this.#onChange();
  }

  /** Why it takes no calls, and ends subscriptions to its resources; undefined: it takes them, now or later. */
  #refusal(): ManagerError | undefined {
    if (this.#state === "failed") return notRunning(this.name, this.#replicas.failure);
    if (this.#stop === undefined && this.#state === "stopped") return notStarted(this.name);
    const ending = this.#stop !== undefined || this.#state === "draining";
    return ending ? notRunning(this.name, undefined) : undefined;
  }

  #sleep(): void {
    const isUsed = this.#calls.inFlight > 0 || this.#calls.queued > 0 || !this.#feeds.isEmpty;
    // How long it may be idle is not known before an update is over.
    if (isUsed || this.#updates.underWay || this.#state !== "ready") {
      this.#wish.idle?.start();
      return;
    }
    this.#replicas.sleep();
  }

  #onPull(progress: string): void {
    this.#pullProgress = progress;
    this.#numberChange();
  }

  #onChange(): void {
    const before = this.#state;
    this.#state = this.#replicas.state;
    if (this.#state === "ready") {
      this.#isKept = true;
      if (before !== "ready") this.#wish.idle?.start();
    } else if (this.#state !== "pulling") {
      this.#pullProgress = "";
    }
    this.#attend();
    this.#calls.wake();
    this.#revision = this.#numberChange();
  }

  /** What outlives a session is carried on by the next, before calls that wait for it. */
  #attend(): void {
    const refusal = this.#refusal();
    const { live } = this.#replicas;
    this.#logLevel.attend(live);
    if (refusal === undefined) this.#feeds.attend(live);
    else this.#feeds.fail(refusal);
    // It was taken for stopped, and exited: subscribers to its resources would not hear of it otherwise.
    if (this.#state === "idle" && !this.#feeds.isEmpty) this.#replicas.wake();
  }
}
