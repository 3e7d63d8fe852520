import type { InstanceExit, WatchListener } from "../../runtime/runtime.ts";

export interface ExitWatchOptions {
  readonly onBroken: () => void;
  readonly onResync: () => void;
  readonly onChanged: (id: string) => void;
  readonly onOutOfMemory: (id: string) => void;
}

/** Hands each exit that the runtime sees to the run of that instance. */
export class ExitWatch implements WatchListener {
  readonly #listeners = new Map<string, (exit: InstanceExit) => void>();
  readonly #options: ExitWatchOptions;

  constructor(options: ExitWatchOptions) {
    this.#options = options;
  }

  /** Calls the listener at the next exit of this instance. Returns how to take it back. */
  subscribe(id: string, listener: (exit: InstanceExit) => void): () => void {
    this.#listeners.set(id, listener);
    return () => {
      if (this.#listeners.get(id) === listener) this.#listeners.delete(id);
    };
  }

  exit(id: string, exit: InstanceExit): void {
    const listener = this.#listeners.get(id);
    if (listener !== undefined) listener(exit);
    // Nobody ran it: one that was down because it was paused may be down for good.
    else this.#options.onChanged(id);
  }

  outOfMemory(id: string): void {
    this.#options.onOutOfMemory(id);
  }

  removed(id: string): void {
    const listener = this.#listeners.get(id);
    if (listener !== undefined) listener({ oomKilled: false });
    else this.#options.onChanged(id);
  }

  changed(id: string): void {
    this.#options.onChanged(id);
  }

  broken(): void {
    this.#options.onBroken();
  }

  resync(): void {
    this.#options.onResync();
  }
}
