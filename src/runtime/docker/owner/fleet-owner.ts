import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ManagerError } from "../../../base/errors/errors.ts";
import type { Log } from "../../../base/log/log.ts";
import type { Engine } from "../engine/engine.ts";
import { engineRefusal } from "../engine/engine-error.ts";
import { lines } from "../engine/lines.ts";
import { Answers } from "./answers.ts";
import { makeStand } from "./claim.ts";
import { askName, fleetPrefix, type Lock, lockName, sayHolder } from "./lock.ts";
import type { LockVolumes } from "./lock-volumes.ts";

/** Short: a manager that asks when the engine is back waits for about three seconds. */
const reconnectMs = 200;
/** So that a question is heard even when events come no more, though the connection seems open. */
const lookEveryMs = 1_000;
const releaseMs = 2_000;
/** The end of a volume in the words of Docker and of Podman. */
const ends = ["destroy", "remove"];

export interface FleetOwnerOptions {
  readonly engine: Engine;
  readonly volumes: LockVolumes;
  readonly lock: Lock;
  readonly log: Log;
  /** Called once, when another manager has the fleet. */
  readonly onLost: (error: ManagerError) => void;
}

/**
 * The life of an owner: answers managers that ask, by removing their question, and notices when another manager judged
 * it dead because it was stopped, or cut off from the engine, for longer than they wait. Disposing it releases the
 * fleet.
 */
export class FleetOwner implements AsyncDisposable {
  readonly #options: FleetOwnerOptions;
  readonly #closed = new AbortController();
  readonly #answers: Answers;
  readonly #running: Promise<void>;
  #lost = false;
  /** Whether somebody may have owned the fleet since the lock was last seen to stand. */
  #doubtful = true;
  /** Whether it was told that the engine can't be asked. */
  #blind = false;
  /** Whether an event came since the last look. */
  #unseen = false;
  #looking: Promise<void> | undefined;

  constructor(options: FleetOwnerOptions) {
    this.#options = options;
    this.#answers = new Answers({ volumes: options.volumes, signal: this.#closed.signal });
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
      // The next manager asks, and waits for about three seconds.
      log.warn("could not release the fleet", { reason: (error as Error).message });
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        const stream = await this.#open();
        const looks = setInterval(() => this.#lookSoon(stream), lookEveryMs);
        try {
          this.#lookSoon(stream);
          for await (const line of lines(stream)) if (this.#concerns(line)) this.#lookSoon(stream);
        } finally {
          clearInterval(looks);
          stream.destroy();
          await this.#looking;
        }
      } catch (error) {
        if (signal.aborted) return;
        const reason = (error as Error).message;
        if (!this.#blind) this.#options.log.warn("can't see whether others want the fleet; trying again", { reason });
        this.#blind = true;
      }
      this.#doubtful = true;
      await delay(reconnectMs, undefined, { signal }).catch(() => {});
    }
  }

  async #open(): Promise<Readable> {
    // Not by name, though the engine would: a prune tells no names.
    const filters = { type: ["volume"], event: ["create", ...ends, "prune"] };
    return this.#options.engine.events({ filters }, this.#closed.signal);
  }

  /** Questions, other locks, and what may have been the end of the own one. */
  #concerns(line: string): boolean {
    const { fleet } = this.#options.volumes;
    const event = JSON.parse(line) as { readonly Action: string; readonly Actor: { readonly ID: string } };
    if (event.Action === "prune") return true;
    const { ID: name } = event.Actor;
    const own = name === lockName(fleet, this.#options.lock);
    if (own || !name.startsWith(fleetPrefix(fleet))) return own;
    if (ends.includes(event.Action)) return false;
    // A question counts, too: it may be the first sign of a manager that asked in vain and has claimed the fleet since.
    this.#doubtful = true;
    // At once: a manager that asks waits for about three seconds.
    if (name === askName(fleet)) this.#answers.give();
    return true;
  }

  /**
   * One look at a time, and one more for all that came meanwhile. One that fails ends the stream, and so is repeated.
   */
  #lookSoon(stream: Readable): void {
    this.#unseen = true;
    this.#looking ??= this.#lookAtAll(stream);
  }

  async #lookAtAll(stream: Readable): Promise<void> {
    try {
      while (this.#unseen) {
        this.#unseen = false;
        await this.#look();
      }
    } catch (error) {
      stream.destroy(error as Error);
    } finally {
      this.#looking = undefined;
    }
  }

  async #look(): Promise<void> {
    const { volumes, lock } = this.#options;
    const { signal } = this.#closed;
    const { locks, question } = await volumes.list({ signal });
    const successor = locks.find(({ after }) => after.includes(lock.nonce));
    if (successor !== undefined) return this.#lose(successor);
    if (!locks.some(({ nonce }) => nonce === lock.nonce) && !(await this.#restore())) return this.#lose();
    this.#blind = false;
    // What came since it was listed is for the next look.
    if (this.#doubtful && !this.#unseen) {
      this.#doubtful = false;
      this.#options.log.debug("the fleet is this manager's", { fleet: volumes.fleet });
    }
    if (question !== undefined) this.#answers.give();
  }

  /**
   * The lock is gone: by `docker volume prune`, unless another manager came and went. Returns whether it stands again.
   */
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
    onLost(engineRefusal("conflict", message, { reason: "FLEET_OWNED" }));
  }
}
