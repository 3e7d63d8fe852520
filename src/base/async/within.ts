import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits for the promise to settle, but not longer than `ms`. Says whether it did; its outcome is the caller's to read.
 */
export async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const timeout = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const result = await Promise.race([settled, timeout]);
  timer.abort();
  return result;
}
