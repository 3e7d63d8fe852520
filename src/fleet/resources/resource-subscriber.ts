import { type Changes, Notifier } from "../../base/async/notifier.ts";
import type { ManagerError } from "../../base/errors/errors.ts";

/** A change of a resource, as an instance told it. */
export interface ResourceUpdate {
  readonly uri: string;
  readonly instance: string;
}

/** A subscriber to a resource's changes. What it has not read yet is one update, however many there were. */
export class ResourceSubscriber {
  readonly #uri: string;
  readonly #changes = new Notifier();
  #update: ResourceUpdate | undefined;
  #end: ManagerError | undefined;

  constructor(uri: string) {
    this.#uri = uri;
  }

  /** Why there will be no more; undefined: there may be. */
  get end(): ManagerError | undefined {
    return this.#end;
  }

  /** Tells when there is something new. */
  get changes(): Changes {
    return this.#changes;
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
    this.#changes.notify();
  }

  fail(error: ManagerError): void {
    this.#end ??= error;
    this.#changes.notify();
  }
}
