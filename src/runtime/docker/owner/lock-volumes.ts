import type Docker from "dockerode";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/engine-error.ts";
import { label } from "../engine/labels.ts";
import { askLabels, askName, type Lock, lockLabels, lockName, readAsk, readLock } from "./lock.ts";

/** What the engine has of one fleet's locks at a moment. */
export interface LockListing {
  readonly locks: readonly Lock[];
  /** Nonce of the manager that asked first whether the owner lives, and has no answer yet. */
  readonly question: string | undefined;
}

/** One fleet's locks and questions as volumes of the engine. */
export class LockVolumes {
  readonly fleet: string;
  readonly #engine: Engine;

  constructor(options: { readonly engine: Engine; readonly fleet: string }) {
    this.#engine = options.engine;
    this.fleet = options.fleet;
  }

  async list(options: RuntimeCallOptions): Promise<LockListing> {
    const filters = JSON.stringify({ label: [`${label.fleet}=${this.fleet}`] });
    const list = (docker: Docker, abort: object) => docker.listVolumes({ filters, ...abort });
    const { Volumes: found } = await this.#engine.call("list volumes", list, options);
    const volumes = (found ?? []).map(({ Name: name, Labels: labels }) => ({ name, labels: labels ?? {} }));
    return {
      locks: volumes.map((volume) => readLock(this.fleet, volume)).filter((lock) => lock !== undefined),
      question: volumes.map((volume) => readAsk(this.fleet, volume)).find((nonce) => nonce !== undefined),
    };
  }

  /** Creates the lock unless its generation is taken: a listing then tells whose it is. */
  create(lock: Lock, options: RuntimeCallOptions): Promise<void> {
    return this.#create(lockName(this.fleet, lock), { ...options, labels: lockLabels(this.fleet, lock) });
  }

  /** Asks, unless somebody asks already: the answer to that is for all who wait. */
  ask(nonce: string, options: RuntimeCallOptions): Promise<void> {
    return this.#create(askName(this.fleet), { ...options, labels: askLabels(this.fleet, nonce) });
  }

  remove(lock: Lock, options: RuntimeCallOptions): Promise<void> {
    return this.#remove(lockName(this.fleet, lock), options);
  }

  /**
   * Removes the question, which is the answer. Only an owner may do so: a question that is gone means that an owner
   * lives.
   */
  answer(options: RuntimeCallOptions): Promise<void> {
    return this.#remove(askName(this.fleet), options);
  }

  async #create(
    name: string,
    options: RuntimeCallOptions & { readonly labels: Readonly<Record<string, string>> },
  ): Promise<void> {
    const split = { _query: {}, _body: { Name: name, Labels: options.labels } };
    // @types/dockerode does not know that a body can be given apart from the URL.
    const create = (docker: Docker, abort: object) =>
      docker.createVolume({ ...split, ...abort } as Docker.VolumeCreateOptions);
    // This sentence ends a start on an engine that denies volumes: it says what they are for.
    await this.#engine.call(`mark the owner of the fleet ${this.fleet} by the empty volume ${name}`, create, options);
  }

  async #remove(name: string, options: RuntimeCallOptions): Promise<void> {
    const remove = async (docker: Docker, abort: object) => {
      try {
        await docker.getVolume(name).remove(abort);
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
      }
    };
    await this.#engine.call(`remove the volume ${name}`, remove, options);
  }
}
