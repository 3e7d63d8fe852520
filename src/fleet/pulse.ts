/** Tells whoever waits that something changed. What changed is theirs to look at. */
export class Pulse {
  /** Undefined: nobody asked since the last wake. */
  #next: PromiseWithResolvers<void> | undefined;

  /** Resolves at the next wake. Take it before looking, so that no change falls in between. */
  next(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    return this.#next.promise;
  }

  wake(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }
}
