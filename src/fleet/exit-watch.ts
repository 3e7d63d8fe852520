import type { InstanceExit, WatchListener } from "../runtime/runtime.ts";

/** Hands each exit that the runtime sees to whoever runs that instance. */
export class ExitWatch implements WatchListener {
  readonly #listeners = new Map<string, (exit: InstanceExit) => void>();
  readonly #onResync: () => void;

  constructor(options: { onResync: () => void }) {
    this.#onResync = options.onResync;
  }

  /** Calls the listener at the next exit of this instance. Returns how to take it back. */
  subscribe(id: string, listener: (exit: InstanceExit) => void): () => void {
    this.#listeners.set(id, listener);
    return () => {
      if (this.#listeners.get(id) === listener) this.#listeners.delete(id);
    };
  }

  exit(id: string, exit: InstanceExit): void {
    this.#listeners.get(id)?.(exit);
  }

  removed(id: string): void {
    this.#listeners.get(id)?.({ oomKilled: false });
  }

  resync(): void {
    this.#onResync();
  }
}
