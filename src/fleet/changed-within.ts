/**
 * Who waits for a change. Each in a reaction of its own would stay until the change comes, however short its wait: what
 * nobody changes would keep every follower that it ever had.
 */
const waiting = new WeakMap<Promise<void>, Set<() => void>>();

/** Whether the change came in this time; an aborted signal ends the wait, too. Leaves nothing at the promise. */
export function changedWithin(changed: Promise<void>, wait: { ms: number; signal: AbortSignal }): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const waiters = waitersFor(changed);
  const end = (came: boolean) => {
    clearTimeout(timer);
    wait.signal.removeEventListener("abort", onAbort);
    waiters.delete(onChange);
    resolve(came);
  };
  const onAbort = () => end(false);
  const onChange = () => end(true);
  // Cleared rather than aborted: an abort makes errors with stacks, which cost a call that succeeds more than its wait.
  const timer = setTimeout(end, wait.ms, false).unref();
  wait.signal.addEventListener("abort", onAbort, { once: true });
  waiters.add(onChange);
  if (wait.signal.aborted) onAbort();
  return promise;
}

function waitersFor(changed: Promise<void>): Set<() => void> {
  const before = waiting.get(changed);
  if (before !== undefined) return before;
  const waiters = new Set<() => void>();
  waiting.set(changed, waiters);
  void changed.then(() => {
    // Who asks from now on is told by a reaction of its own.
    waiting.delete(changed);
    for (const wake of waiters) wake();
  });
  return waiters;
}
