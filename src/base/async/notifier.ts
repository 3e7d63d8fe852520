export interface WaitOptions {
  /** The count before the waiter looked: a change since then ends the wait at once. Default: the count now. */
  readonly since?: number;
  /** Default: no limit. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What followers see of a notifier. */
export interface Changes {
  /** How many changes there were. Take it before you look, so that no change falls in between. */
  readonly count: number;
  /** Whether a change came; false: the time is over, or the signal aborted. */
  wait(options?: WaitOptions): Promise<boolean>;
}

/**
 * Wakes its waiters when something changed; they look for themselves what it was. Each wait is in a list that it leaves
 * when it ends. As a reaction of one shared promise it would stay until the next change, and something that never
 * changes would keep every follower that it ever had.
 */
export class Notifier implements Changes {
  readonly #waiting = new Set<() => void>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  wait({ since = this.#count, timeoutMs, signal }: WaitOptions = {}): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    if (since !== this.#count) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const end = (changed: boolean) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#waiting.delete(onChange);
      resolve(changed);
    };
    const onAbort = () => end(false);
    const onChange = () => end(true);
    // Cleared rather than aborted: an abort makes errors with stacks, which cost a call that succeeds more than its
    // wait.
    const timer = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs, false).unref();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(onChange);
    return promise;
  }

  /** Something changed. */
  notify(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }
}
