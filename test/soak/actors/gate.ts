/** Lets work in, and can wait until none is under way: what is measured then is not a matter of the moment. */
export class Gate {
  #inside = 0;
  #closed: PromiseWithResolvers<void> | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  /** Resolves while the gate is open. Dispose what it gives when the work is done. */
  async enter(): Promise<Disposable> {
    while (this.#closed !== undefined) await this.#closed.promise;
    this.#inside += 1;
    return { [Symbol.dispose]: () => this.#leave() };
  }

  /** Lets nobody in any more; resolves when nobody is inside. */
  async close(): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    if (this.#inside === 0) return;
    this.#empty ??= Promise.withResolvers();
    await this.#empty.promise;
  }

  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }

  #leave(): void {
    this.#inside -= 1;
    if (this.#inside > 0) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }
}
