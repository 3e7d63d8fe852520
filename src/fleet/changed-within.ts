/** Whether the change came in this time; an aborted signal ends the wait, too. */
export function changedWithin(changed: Promise<void>, wait: { ms: number; signal: AbortSignal }): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const end = (came: boolean) => {
    clearTimeout(timer);
    wait.signal.removeEventListener("abort", onAbort);
    resolve(came);
  };
  const onAbort = () => end(false);
  // Cleared rather than aborted: an abort makes errors with stacks, which cost a call that succeeds more than its wait.
  const timer = setTimeout(end, wait.ms, false).unref();
  wait.signal.addEventListener("abort", onAbort, { once: true });
  if (wait.signal.aborted) onAbort();
  void changed.then(() => end(true));
  return promise;
}
