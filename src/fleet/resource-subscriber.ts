import type { ManagerError } from "../errors.ts";
import { Pulse } from "./pulse.ts";

/** A change of a resource, as an instance told it. */
export interface ResourceUpdate {
  readonly uri: string;
  readonly instance: string;
}

/** One who wants to know of a resource's changes. What was not read yet is one update, however many there were. */
export class ResourceSubscriber {
  readonly #uri: string;
  readonly #pulse = new Pulse();
  #update: ResourceUpdate | undefined;
  #end: ManagerError | undefined;

  constructor(uri: string) {
    this.#uri = uri;
  }

  /** Why there will be no more; undefined: there may be. */
  get end(): ManagerError | undefined {
    return this.#end;
  }

  /** Resolves when there is something new. Take it before looking. */
  changed(): Promise<void> {
    return this.#pulse.next();
  }

  /** The update since the last call, if there was one. */
  takeUpdate(): ResourceUpdate | undefined {
    const update = this.#update;
    this.#update = undefined;
    return update;
  }

  /** Several URIs are told of by the one that was subscribed to, which is above all of them. */
  tell({ uri, instance }: ResourceUpdate): void {
    const isAnother = this.#update !== undefined && this.#update.uri !== uri;
    this.#update = { uri: isAnother ? this.#uri : uri, instance };
    this.#pulse.wake();
  }

  fail(error: ManagerError): void {
    this.#end ??= error;
    this.#pulse.wake();
  }
}
