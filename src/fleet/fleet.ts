import type { AbortSource } from "../base/async/abort-source.ts";
import { abortable } from "../base/async/abortable.ts";
import { type CallerOptions, deadlineSignal } from "../base/async/deadline-signal.ts";
import { type Changes, Notifier } from "../base/async/notifier.ts";
import { type ManagerError, toManagerError } from "../base/errors/errors.ts";
import { sameSpec } from "../base/spec/same-spec.ts";
import type { ServerSpec } from "../base/spec/spec.ts";
import type { LogLevel } from "../mcp/protocol/log-level.ts";
import { checkAdmission } from "./admission.ts";
import type { Permit } from "./calls/permits.ts";
import { Applies, type ApplyEvent, type ApplyOptions } from "./desired/applies.ts";
import { fileSet, type Wanted } from "./desired/plan.ts";
import { DesiredServers } from "./desired-servers.ts";
import { EngineSync } from "./engine-sync.ts";
import { type FailedStart, FailedStarts } from "./failed-starts.ts";
import type { CallOptions, FleetOptions, StartOptions } from "./fleet-options.ts";
import { idleGraceMs } from "./instance/stop-clock.ts";
import { LogRing } from "./logs/log-ring.ts";
import { ManagedServer } from "./managed-server.ts";
import type { NewServer } from "./new-server.ts";
import { KeptListings } from "./programs/kept-listings.ts";
import { KnownPrograms } from "./programs/known-programs.ts";
import { noTextCache } from "./programs/text-cache.ts";
import { hasRoomForBoth } from "./replicas/room-for-both.ts";
import type { ResourceSubscription } from "./resources/resource-feeds.ts";
import type { FleetServices } from "./run/fleet-services.ts";
import { refreshSecretFiles } from "./run/put-secret-files.ts";
import { checkDeclared, noSecrets, type UsedSecret, usedSecrets } from "./secrets/secrets.ts";
import { managerStopping, otherSpecExists, serverNotFound, startFailed } from "./state/fleet-error.ts";
import { notRunning, notYetUp } from "./state/server-failure.ts";
import type { ServerSnapshot } from "./state/server-snapshot.ts";
import { Tombstones } from "./tombstones.ts";
import { watchExits } from "./watch-exits.ts";

/** The servers of one fleet, by name. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #servers = new Map<string, ManagedServer>();
  readonly #services: FleetServices;
  readonly #sync: EngineSync;
  readonly #changes = new Notifier();
  #revision = 0;
  readonly #tombstones = new Tombstones();
  readonly #failedStarts: FailedStarts;
  readonly #applies: Applies;
  #watch: AsyncDisposable | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: FleetOptions) {
    const { runtime, log, clocks, newId, clientInfo, limits, reapGraceMs } = options;
    this.#options = options;
    this.#failedStarts = new FailedStarts(clocks);
    const exits = watchExits(this.#servers, () => this.#sync);
    const onEngineSilent = () => this.#sync.resyncSoon();
    const { cache, secrets = noSecrets } = options;
    const programs = new KnownPrograms({ cache: cache?.programs ?? noTextCache, now: clocks.now, log });
    const listings = cache && new KeptListings({ cache: cache.listings, now: clocks.now });
    const known = { programs, listings, secrets, freeMemory: options.freeMemory };
    this.#services = { runtime, log, clocks, newId, clientInfo, limits, ...known, exits, onEngineSilent };
    this.#sync = new EngineSync(this.#services, {
      servers: this.#servers,
      add: (server) => this.#add(server),
      forget: (server) => this.#forget(server),
      reapGraceMs,
    });
    const desired = new DesiredServers({
      servers: this.#servers,
      changes: this.#changes,
      secrets: this.#services.secrets,
      check: (spec) => this.#admit(spec, undefined),
      hasRoom: (spec) => hasRoomForBoth(spec, options),
      add: (server) => this.#add(server),
      cameUp: async (server) => void (await this.#cameUp(server, { coming: server.start(), signal: undefined })),
      stop: (server) => this.#stopServer(server, idleGraceMs),
    });
    this.#applies = new Applies(desired);
  }

  /**
   * Takes over what a manager before this one left in the engine. Resolves when every server is known (calls into them
   * wait); `adopted` then resolves when each is ready or has failed. Throws when the engine does not answer.
   */
  async open(): Promise<{ adopted: Promise<void> }> {
    this.#watch = this.#services.runtime.watch(this.#services.exits);
    return this.#sync.open();
  }

  /**
   * Brings a server up. Without a spec the server must exist. Concurrent starts of one name make one container; a start
   * during a stop waits for its end. The signal ends only this caller's wait. Throws by kind: `not_found`, `conflict`
   * (the name has another spec), `denied`, `invalid`, `not_running`, `interrupted`, `unavailable`.
   */
  async start(name: string, options: StartOptions): Promise<ServerSnapshot> {
    const { spec, signal } = options;
    if (spec !== undefined) await this.#admit(spec, signal);
    for (let stopping = this.#stopOf(name); stopping !== undefined; stopping = this.#stopOf(name)) {
      await abortable(stopping, signal);
    }
    if (this.#closed !== undefined) throw managerStopping();
    const server = this.#servers.get(name);
    if (server === undefined) return this.#startNew(name, options);
    if (spec !== undefined && !sameSpec(server.spec, spec)) throw otherSpecExists(name);
    return this.#cameUp(server, { coming: server.start(), signal });
  }

  /**
   * Starts the processes of a server again, in the same containers; one that is down is brought up. New calls wait.
   * Throws as `start`. The signal ends only the caller's wait.
   */
  async restart(name: string, options: CallerOptions & { graceMs: number }): Promise<ServerSnapshot> {
    const server = this.#server(name);
    if (server.stopping !== undefined) throw notRunning(name, undefined);
    // What could not be started again is not ended.
    await abortable(this.#check(server.spec, undefined), options.signal);
    return this.#cameUp(server, { coming: server.restart(options), signal: options.signal });
  }

  /**
   * Stops a server and removes its container. Returns whether there was one. The signal ends only the caller's wait.
   */
  async stop(name: string, options: CallerOptions & { graceMs: number }): Promise<boolean> {
    const server = this.#servers.get(name);
    if (server === undefined) return false;
    const stopped = this.#stopServer(server, options.graceMs).then(() => this.#restDeclared(server));
    await abortable(stopped, options.signal);
    return true;
  }

  /**
   * Makes the fleet what is wanted, and tells what that is and how it goes. Applies wait for one another. Throws
   * `interrupted` (PLAN_CHANGED), and the reason of the signal.
   */
  apply(wanted: Wanted, options: ApplyOptions): AsyncGenerator<ApplyEvent> {
    if (this.#closed !== undefined) throw managerStopping();
    return this.#applies.apply(wanted, options);
  }

  list(): ServerSnapshot[] {
    return [...this.#servers.values()].map((server) => server.snapshot());
  }

  /** Every secret that is declared, or that a server names, by name. */
  secrets(): UsedSecret[] {
    return usedSecrets(this.#services.secrets.declared(), [...this.#servers.values()]);
  }

  /** Puts the values of secrets that servers have as files in place, as they are now: one may be another. Never throws. */
  refreshSecretFiles(): Promise<void> {
    return refreshSecretFiles(this.#services, this.#servers.values());
  }

  /** Tells of each change of any server's state, and of each step of a pull. */
  get changes(): Changes {
    return this.#changes;
  }

  /** How a server last was that is gone, if it went lately. */
  departed(name: string): ServerSnapshot | undefined {
    return this.#tombstones.of(name);
  }

  /** A server, also one whose first Start failed lately. Throws `not_found`. */
  get(name: string): ServerSnapshot {
    return this.#servers.get(name)?.snapshot() ?? this.#failedStart(name).server;
  }

  /** The recent log of a server, also of one whose first Start failed lately. Throws `not_found`. */
  log(name: string): LogRing {
    return this.#servers.get(name)?.ring ?? this.#failedStart(name).ring;
  }

  /** How long a call may take whose caller sets no deadline. */
  callTimeoutMs(name: string): number {
    return this.#servers.get(name)?.spec.callTimeoutMs ?? this.#options.defaultCallTimeoutMs;
  }

  /**
   * Uses a server's session, as soon as it is ready. To `ManagedServer.use` it adds the deadline, and the name in
   * errors.
   */
  async call<T>(
    name: string,
    options: CallOptions & { work: (permit: Permit, signal: AbortSource | undefined) => Promise<T> },
  ): Promise<T> {
    const server = this.#server(name);
    using deadline = deadlineSignal(options, options.callerHasDeadline ? undefined : this.callTimeoutMs(name));
    const { signal } = deadline;
    const { chars = 0, caller } = options;
    try {
      return await server.use({ signal, chars, caller, work: (permit) => options.work(permit, signal) });
    } catch (error) {
      throw toManagerError(error).with({ server: name });
    }
  }

  /** Joins those who want to know when a resource of the server changes. Throws `not_found`. */
  follow(name: string, uri: string): ResourceSubscription {
    return this.#server(name).follow(uri);
  }

  /** Sets the level of the server's log notifications. Throws what `call` throws. */
  setLogLevel(name: string, options: CallOptions & { level: LogLevel }): Promise<void> {
    const server = this.#server(name);
    const { level } = options;
    return this.call(name, { ...options, work: (permit, signal) => server.setLogLevel(level, { permit, signal }) });
  }

  /** The manager shuts down: instances stay, calls get `drainMs` to finish. */
  close(options: { drainMs: number }): Promise<void> {
    this.#closed ??= this.#close(options.drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    this.#sync.close();
    this.#failedStarts.close();
    await this.#watch?.[Symbol.asyncDispose]();
    await Promise.all([...this.#servers.values()].map((server) => server.release({ drainMs })));
  }

  /** What the runtime can't do at all comes before what the operator does not allow. */
  async #admit(spec: ServerSpec, signal: AbortSignal | undefined): Promise<void> {
    await this.#check(spec, signal);
    checkAdmission(spec, this.#options.admission);
    checkDeclared(spec, this.#services.secrets);
  }

  #check(spec: ServerSpec, signal: AbortSignal | undefined): Promise<void> {
    return this.#services.runtime.check(spec, { signal });
  }

  #stopOf(name: string): Promise<void> | undefined {
    return this.#servers.get(name)?.stopping;
  }

  #server(name: string): ManagedServer {
    const server = this.#servers.get(name);
    if (server === undefined) throw this.#notFound(name);
    return server;
  }

  #failedStart(name: string): FailedStart {
    const failed = this.#failedStarts.of(name);
    if (failed === undefined) throw serverNotFound(name);
    return failed;
  }

  #notFound(name: string): ManagerError {
    const failed = this.#failedStarts.of(name);
    return failed === undefined ? serverNotFound(name) : startFailed(name, failed.failure);
  }

  async #startNew(name: string, options: StartOptions): Promise<ServerSnapshot> {
    const { spec, signal } = options;
    if (spec === undefined) throw this.#notFound(name);
    const server = this.#add({ name, spec, origin: undefined });
    return this.#cameUp(server, { coming: server.start(), signal });
  }

  /**
   * Waits until it is up, or the signal ends that. One that never was, and of which nothing is left, frees its name.
   */
  async #cameUp(
    server: ManagedServer,
    { coming, signal }: { coming: Promise<void>; signal: AbortSource | undefined },
  ): Promise<ServerSnapshot> {
    coming.catch((error: unknown) => {
      if (server.isNothing) this.#giveUp(server, toManagerError(error));
    });
    try {
      await abortable(coming, signal);
    } catch (error) {
      throw signal?.aborted && error === signal.reason ? notYetUp(server.snapshot(), error) : error;
    }
    return server.snapshot();
  }

  /** Its first Start failed: the name is free, and why is kept for those who look. */
  #giveUp(server: ManagedServer, { kind }: ManagerError): void {
    const isKnown = this.#servers.get(server.name) === server;
    this.#forget(server);
    const last = server.snapshot();
    const { failure } = last;
    // One that a Stop or the shutdown cancelled has not failed.
    if (!isKnown || failure === undefined || kind === "interrupted" || this.#closed !== undefined) return;
    this.#failedStarts.add({ server: last, failure, ring: server.ring });
  }

  async #stopServer(server: ManagedServer, graceMs: number): Promise<void> {
    await server.stop({ graceMs });
    this.#forget(server);
  }

  /** A server of the file is stopped by a Stop, and stays declared. */
  #restDeclared({ name, spec, origin }: ManagedServer): void {
    if (origin !== fileSet || this.#servers.has(name) || this.#closed !== undefined) return;
    this.#add({ name, spec, origin, rests: "stopped" });
    this.#onChange();
  }

  #add(declared: NewServer): ManagedServer {
    const { name } = declared;
    const { logRingBytes, clocks } = this.#options;
    const ring = new LogRing({ maxBytes: logRingBytes, now: clocks.now });
    const added = new ManagedServer(this.#services, { ...declared, ring, onChange: () => this.#onChange() });
    this.#servers.set(name, added);
    this.#failedStarts.forget(name);
    return added;
  }

  /** Gives each change a number. */
  #onChange(): number {
    this.#changes.notify();
    this.#revision += 1;
    return this.#revision;
  }

  #forget(server: ManagedServer): void {
    server.ring.close();
    if (this.#servers.get(server.name) !== server) return;
    this.#servers.delete(server.name);
    this.#tombstones.note(server.snapshot());
    this.#changes.notify();
  }
}
