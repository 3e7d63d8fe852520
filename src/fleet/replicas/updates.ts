import { type ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { UpdateBy } from "../../base/spec/declaration.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import { writesOutside } from "../../base/spec/writes-outside.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { ServerInstance } from "../instance/server-instance.ts";
import type { FleetServices } from "../run/fleet-services.ts";
import type { Replicas } from "./replicas.ts";
import { hasRoomForBoth } from "./room-for-both.ts";
import { finishPlace, recreate, rollOver } from "./take-place.ts";

/** What instances are made by. */
export interface Made {
  readonly spec: ServerSpec;
  /** The set that declared it; undefined: a Start made it. */
  readonly origin: string | undefined;
}

/** What instances are to be made by, and how. */
export interface MadeAnew extends Made {
  readonly update: UpdateBy;
  /** One without a container goes on without one, until it is called. Default: no. */
  readonly mayRest?: boolean;
}

/** `rests`: it has no container until it is called. */
export type NewInstance = (made: Made, replica: number, options?: { readonly rests?: boolean }) => ServerInstance;

export interface UpdatesOptions {
  readonly newInstance: NewInstance;
  readonly services: Pick<FleetServices, "freeMemory">;
  /** New calls go to another instance. */
  readonly onSwap: () => void;
}

/** Two containers of which one was to take the other's place when a manager died, and the instances for them. */
export interface ResumedPair {
  readonly old: Found;
  readonly next: Found;
}

interface Found {
  readonly instance: ServerInstance;
  readonly record: InstanceRecord;
}

/** Puts other instances in the place of a server's, one after the other; one update at a time. */
export class Updates {
  readonly #replicas: Replicas;
  readonly #options: UpdatesOptions;
  #underWay: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  constructor(replicas: Replicas, options: UpdatesOptions) {
    this.#replicas = replicas;
    this.#options = options;
  }

  get underWay(): boolean {
    return this.#underWay !== undefined;
  }

  /**
   * Makes all instances by `to`. Throws why one of them did not come up: then all are as they were. Throws the reason of
   * `cancel`: then some may be new already.
   */
  begin(from: Made, to: MadeAnew): Promise<void> {
    return this.#start((signal) => this.#run({ from, to, signal }));
  }

  /**
   * A manager before this one died while one instance was to take another's place. What is known of the new one's process
   * does not count, only whether it replies now. How that ends is in the states.
   */
  resume(pairs: readonly ResumedPair[]): Promise<void> {
    return this.#start(async (signal) => {
      await Promise.all(pairs.map((pair) => this.#resumePair(pair, signal)));
    });
  }

  /** Resolves when no update is under way, however it ended. Throws the reason of `cancel`. */
  async over(): Promise<void> {
    while (this.#underWay !== undefined) {
      const { abort, done } = this.#underWay;
      await done.catch(() => {});
      abort.signal.throwIfAborted();
    }
  }

  /** An update under way ends where it is. */
  async cancel(why: ManagerError): Promise<void> {
    this.#underWay?.abort.abort(why);
    await this.#underWay?.done.catch(() => {});
  }

  #start(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    const done = work(abort.signal).finally(() => {
      this.#underWay = undefined;
    });
    done.catch(() => {}); // There may be nobody who waits.
    this.#underWay = { abort, done };
    return done;
  }

  async #resumePair({ old, next }: ResumedPair, signal: AbortSignal): Promise<void> {
    const replicas = this.#replicas;
    // One that was ended for this is not started, and one that runs has the calls, until the next one has replied.
    const serves = old.record.state === "running" && old.record.mark !== "replaced";
    const adopted = serves ? old.instance.adopt(old.record) : old.instance.keep(old.record);
    const cancel = () => void next.instance.cancelLaunch(toManagerError(signal.reason));
    signal.addEventListener("abort", cancel, { once: true });
    await replicas.beside(next.instance, next.instance.adopt(next.record));
    signal.removeEventListener("abort", cancel);
    if (next.instance.state === "ready") {
      await adopted;
      await this.#finishPlace(old.instance, next.instance);
      return;
    }
    if (signal.aborted) return;
    await next.instance.discard();
    if (serves) return;
    await old.instance.takeName();
    await old.instance.adopt(old.record);
  }

  async #run({ from, to, signal }: { from: Made; to: MadeAnew; signal: AbortSignal }): Promise<void> {
    const replicas = this.#replicas;
    const { newInstance } = this.#options;
    const count = to.spec.replicas ?? 1;
    const renewed: ServerInstance[] = [];
    try {
      for (let replica = 0; replica < count; replica += 1) {
        signal.throwIfAborted();
        const old = replicas.instances.find((instance) => instance.replica === replica);
        const rests = to.mayRest === true && old?.rests === true;
        const next = newInstance(to, replica, { rests });
        if (rests) this.#swap(old, next);
        else await this.#put(next, { old, by: to.update, signal });
        renewed.push(next);
      }
    } catch (error) {
      if (!signal.aborted) await this.#undo(renewed, { from, update: to.update, signal });
      throw toManagerError(error);
    }
    for (const surplus of replicas.instances.slice(count)) await this.#takeAway(surplus);
  }

  async #put(
    next: ServerInstance,
    { old, ...options }: { old: ServerInstance | undefined; by: UpdateBy; signal: AbortSignal },
  ): Promise<void> {
    const replicas = this.#replicas;
    const { onSwap } = this.#options;
    if (old === undefined) {
      await replicas.beside(next, next.start());
      replicas.add(next);
    } else {
      // A call must not make a container for the old one while the next one's is made.
      const stopsFirst = old.rests || keepsData(old) || keepsData(next);
      const by = stopsFirst || !hasRoomForBoth(next.made.spec, this.#options.services) ? "recreate" : options.by;
      const takePlace = by === "rolling" ? rollOver : recreate;
      const { signal } = options;
      const swap = () => this.#swap(old, next);
      const { gone } = await replicas.beside(next, takePlace({ old, next, swap, signal }));
      void replicas.beside(old, gone);
    }
    onSwap();
  }

  async #finishPlace(old: ServerInstance, next: ServerInstance): Promise<void> {
    const { gone } = await finishPlace({ old, next, swap: () => this.#swap(old, next) });
    void this.#replicas.beside(old, gone);
  }

  #swap(old: ServerInstance, next: ServerInstance): void {
    const replicas = this.#replicas;
    const { onSwap } = this.#options;
    replicas.swap(old, next);
    onSwap();
  }

  /** One of several did not come up: those before it go back, as far as they can. */
  async #undo(
    renewed: readonly ServerInstance[],
    { from, update, signal }: { from: Made; update: UpdateBy; signal: AbortSignal },
  ): Promise<void> {
    const count = from.spec.replicas ?? 1;
    for (const instance of renewed) {
      if (instance.replica >= count) {
        await this.#takeAway(instance);
        continue;
      }
      const old = this.#options.newInstance(from, instance.replica);
      await this.#put(old, { old: instance, by: update, signal }).catch(() => {});
    }
  }

  async #takeAway(instance: ServerInstance): Promise<void> {
    const replicas = this.#replicas;
    const { onSwap } = this.#options;
    const { done } = await instance.retire();
    void replicas.beside(
      instance,
      done.catch(() => {}),
    );
    replicas.drop(instance);
    onSwap();
  }
}

/** Whether two of it at a time could spoil what they write to; a volume of its image counts. */
function keepsData({ made, record }: ServerInstance): boolean {
  return record?.keepsData === true || writesOutside(made.spec);
}
