import { setTimeout as delay } from "node:timers/promises";

/** Whether the change came in this time; an aborted signal ends the wait, too. */
export async function changedWithin(
  changed: Promise<void>,
  wait: { ms: number; signal: AbortSignal },
): Promise<boolean> {
  const timer = new AbortController();
  const stop = () => timer.abort();
  wait.signal.addEventListener("abort", stop, { once: true });
  if (wait.signal.aborted) stop();
  const timeout = delay(wait.ms, false, { signal: timer.signal, ref: false }).catch(() => false);
  const result = await Promise.race([changed.then(() => true), timeout]);
  wait.signal.removeEventListener("abort", stop);
  stop();
  return result;
}
