import type { Log } from "../../../../src/base/log/log.ts";
import { silentLog } from "../../../../src/base/log/log.ts";
import { createDockerRuntime } from "../../../../src/runtime/docker/docker-runtime.ts";
import { Engine } from "../../../../src/runtime/docker/engine/engine.ts";
import type { Lock } from "../../../../src/runtime/docker/owner/lock.ts";
import { LockVolumes } from "../../../../src/runtime/docker/owner/lock-volumes.ts";
import type { Runtime } from "../../../../src/runtime/runtime.ts";
import { TestFleet } from "../test-fleet.ts";

/** Managers, as far as they own a fleet, and locks made by hand, on the real engine. */
export class TestLocks extends TestFleet {
  readonly #dockerHost = process.env.DOCKER_HOST;
  readonly #engine = new Engine({ dockerHost: this.#dockerHost });
  readonly volumesByHand = new LockVolumes({ engine: this.#engine, fleet: this.fleet });
  readonly #opened = new AsyncDisposableStack();

  /** Another manager of the fleet. */
  manager(options: { readonly dockerHost?: string; readonly log?: Log } = {}): Runtime {
    const { fleet } = this;
    return this.#opened.use(
      createDockerRuntime({ dockerHost: this.#dockerHost, fleet, bindRoots: [], log: silentLog, ...options }),
    );
  }

  /** Owns the fleet, or rejects; released when the test is over. */
  async own(manager = this.manager(), onLost: (error: Error) => void = () => {}): Promise<AsyncDisposable> {
    return this.#opened.use(await manager.own({ onLost }));
  }

  /** A lock of somebody on another machine, who never answers. */
  async lockOfTheDead(lock: Partial<Lock> = {}): Promise<Lock> {
    const holder = { host: "elsewhere", pid: 42, since: "2020-01-01T00:00:00.000Z" };
    const full = { generation: 1, nonce: crypto.randomUUID(), after: [], holder, ...lock };
    await this.volumesByHand.create(full, {});
    return full;
  }

  async locks(): Promise<readonly Lock[]> {
    return (await this.volumesByHand.list({})).locks;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
    this.#engine.close();
    await super[Symbol.asyncDispose]();
  }
}

export const owned = { kind: "conflict", details: { reason: "FLEET_OWNED" } };
