import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { silentLog } from "../../src/base/log/log.ts";
import { Fleet, type FleetOptions } from "../../src/fleet/fleet.ts";
import type { LogEvent } from "../../src/fleet/logs/log-entry.ts";
import type { Runtime, WatchListener } from "../../src/runtime/runtime.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";

const admission = {
  maxCpus: 4,
  maxMemoryBytes: 2 ** 32,
  maxPids: 4096,
  allowCaps: [],
  allowNetworks: [],
  allowWritableRoot: false,
};

/** A fleet on the real runtime, of which single methods can be made to fail, to wait or to do something first. */
export class OpenFleet implements AsyncDisposable {
  readonly engine: TestFleet;
  /** Replaces members of the runtime for as long as they stand here. */
  readonly faults: { -readonly [Member in keyof Runtime]?: Runtime[Member] } = {};
  listener: WatchListener | undefined;
  fleet: Fleet;
  /** What the fleet warned of in its log. */
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  readonly #runtime: Runtime;
  readonly #more: Partial<FleetOptions>;

  constructor({ bindRoots = [], ...more }: Partial<FleetOptions> & { readonly bindRoots?: readonly string[] } = {}) {
    this.engine = new TestFleet({ bindRoots });
    this.#more = more;
    this.#runtime = this.#withFaults();
    this.fleet = this.#newFleet();
  }

  /** As a manager that boots. Resolves when what was found is adopted. */
  async boot(): Promise<void> {
    await this.fleet.close({ drainMs: 0 });
    this.fleet = this.#newFleet();
    const { adopted } = await this.fleet.open();
    await adopted;
  }

  /** As a manager that boots after one that died without a word: the one before is not closed. */
  async reboot(): Promise<void> {
    this.fleet = this.#newFleet();
    const { adopted } = await this.fleet.open();
    await adopted;
  }

  /** The container of a server's first instance, by the engine's own word. */
  containerOf(name: string): Docker.Container {
    return this.engine.docker.getContainer(this.fleet.get(name).instances[0]?.record.id ?? "");
  }

  /** What a server's log has, oldest first. */
  eventsOf(name: string): LogEvent[] {
    const ring = this.fleet.log(name);
    const events = Array.from(
      { length: ring.nextOrdinal - ring.firstOrdinal },
      (_, at) => ring.at(ring.firstOrdinal + at)?.event,
    );
    return events.filter((event) => event !== undefined);
  }

  /** The states that a server went through. */
  statesOf(name: string): string[] {
    return this.eventsOf(name).flatMap((event) => (event.kind === "lifecycle" ? event.state : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet.close({ drainMs: 0 });
    await this.engine[Symbol.asyncDispose]();
  }

  #newFleet(): Fleet {
    return new Fleet({
      runtime: this.#runtime,
      admission,
      clientInfo: { name: "test", version: "0" },
      log: {
        ...silentLog,
        warn: (message) => this.warnings.push(message),
        error: (message) => this.errors.push(message),
      },
      clocks: { now: Date.now, elapsedMs: () => performance.now() },
      newId: randomUUID,
      limits: { maxLineBytes: 1024 * 1024, maxQueuedChars: 1024 * 1024 },
      logRingBytes: 1024 * 1024,
      defaultCallTimeoutMs: 20_000,
      reapGraceMs: 60_000,
      ...this.#more,
    });
  }

  #withFaults(): Runtime {
    const { runtime } = this.engine;
    const watch: Runtime["watch"] = (listener) => {
      this.listener = listener;
      return runtime.watch(listener);
    };
    return new Proxy(runtime, {
      get: (target, name: keyof Runtime) => {
        const method = this.faults[name] ?? (name === "watch" ? watch : target[name]);
        return typeof method === "function" ? method.bind(target) : method;
      },
    });
  }
}

/** What the engine's absence makes of a call. */
export function engineDown(): Promise<never> {
  return Promise.reject(
    new ManagerError("unavailable", "no engine", { details: { reason: "ENGINE_UNAVAILABLE", delivery: "not_sent" } }),
  );
}
