/** How long a flood that goes on lasts. */
export const floodMs = 2500;

/** Repeats the work until the time is over, the signal aborts, the work says that it can't go on, or it was done so often. */
export async function bounded(
  work: () => Promise<boolean>,
  { signal, most, ms = floodMs }: { signal: AbortSignal; most: number; ms?: number },
): Promise<number> {
  const endMs = performance.now() + ms;
  let times = 0;
  while (times < most && !signal.aborted && performance.now() < endMs && (await work())) times += 1;
  return times;
}
