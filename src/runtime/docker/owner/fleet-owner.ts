import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import type { ManagerError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import type { Engine } from "../engine.ts";
import { refusal } from "../engine-error.ts";
import { lines } from "../lines.ts";
import { makeStand } from "./claim.ts";
import { fleetPrefix, type Lock, lockName, sayHolder } from "./lock.ts";
import type { LockVolumes } from "./lock-volumes.ts";

/** Short, for whoever asks when the engine is back waits for about a second. */
const reconnectMs = 200;
const releaseMs = 2_000;

export interface FleetOwnerOptions {
  readonly engine: Engine;
  readonly volumes: LockVolumes;
  readonly lock: Lock;
  readonly log: Log;
  /** Called once, when another manager has the fleet. */
  readonly onLost: (error: ManagerError) => void;
}

/**
 * The life of an owner: answers those who ask, by taking their question away, and notices when it was judged dead (it
 * was stopped, or cut off from the engine, for longer than they wait). Disposed, it releases the fleet.
 */
export class FleetOwner implements AsyncDisposable {
  readonly #options: FleetOwnerOptions;
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #lost = false;
  /** Whether somebody may have owned the fleet since the lock was last seen to stand. */
  #doubtful = true;

  constructor(options: FleetOwnerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#running;
    if (this.#lost) return;
    const { volumes, lock, log } = this.#options;
    try {
      const signal = AbortSignal.timeout(releaseMs);
      const { locks } = await volumes.list({ signal });
      if (locks.some(({ nonce }) => nonce === lock.nonce)) await volumes.remove(lock, { signal });
    } catch (error) {
      // The next manager asks, and waits for about a second.
      log.warn("could not release the fleet", { reason: (error as Error).message });
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    let told = false;
    while (!signal.aborted) {
      try {
        const stream = await this.#open();
        try {
          await this.#look();
          told = false;
          for await (const line of lines(stream)) if (this.#concerns(line)) await this.#look();
        } finally {
          stream.destroy();
        }
      } catch (error) {
        if (signal.aborted) return;
        const reason = (error as Error).message;
        if (!told) this.#options.log.warn("can't see whether others want the fleet; trying again", { reason });
        told = true;
      }
      this.#doubtful = true;
      await delay(reconnectMs, undefined, { signal }).catch(() => {});
    }
  }

  async #open(): Promise<Readable> {
    // Not by name, though the engine would: a prune tells no names.
    const filters: Docker.GetEventsOptions["filters"] = { type: ["volume"], event: ["create", "destroy", "prune"] };
    const open = (docker: Docker, abort: object) => docker.getEvents({ filters, ...abort });
    const { engine } = this.#options;
    return (await engine.call("send events", open, { signal: this.#closed.signal, unlimited: true })) as Readable;
  }

  /** Questions, other locks, and what may have been the end of the own one. */
  #concerns(line: string): boolean {
    const { fleet } = this.#options.volumes;
    const event = JSON.parse(line) as { readonly Action: string; readonly Actor: { readonly ID: string } };
    if (event.Action === "prune") return true;
    const { ID: name } = event.Actor;
    const own = name === lockName(fleet, this.#options.lock);
    if (own || !name.startsWith(fleetPrefix(fleet))) return own;
    if (event.Action === "destroy") return false;
    // Also a question: it is the first that is heard of somebody who, unanswered, has long come and gone.
    this.#doubtful = true;
    return true;
  }

  async #look(): Promise<void> {
    const { volumes, lock } = this.#options;
    const { signal } = this.#closed;
    const { locks, asks } = await volumes.list({ signal });
    const successor = locks.find(({ after }) => after.includes(lock.nonce));
    if (successor !== undefined) return this.#lose(successor);
    if (!locks.some(({ nonce }) => nonce === lock.nonce) && !(await this.#restore())) return this.#lose();
    this.#doubtful = false;
    await Promise.all(asks.map((nonce) => volumes.removeAsk(nonce, { signal })));
  }

  /** The lock is gone: by `docker volume prune`, unless another manager came and went. Returns whether it stands again. */
  async #restore(): Promise<boolean> {
    if (this.#doubtful) return false;
    const { volumes, lock, log } = this.#options;
    const standing = await makeStand(volumes, { lock, signal: this.#closed.signal });
    if (standing === "disputed") await volumes.remove(lock, {});
    if (standing !== "stands") return false;
    log.warn("made the volume again that marks the fleet's owner: somebody removed it", {
      volume: lockName(volumes.fleet, lock),
    });
    return true;
  }

  #lose(successor?: Lock): void {
    const { volumes, onLost } = this.#options;
    this.#lost = true;
    this.#closed.abort();
    const by = successor === undefined ? "another manager" : sayHolder(successor.holder);
    const message = `lost the fleet ${volumes.fleet} to ${by}: this manager did not answer for longer than that one waits`;
    onLost(refusal("conflict", message, { reason: "FLEET_OWNED" }));
  }
}
