import type { ServerInstance } from "../instance/server-instance.ts";

export interface TakePlaceOptions {
  readonly old: ServerInstance;
  /** Has no container yet. */
  readonly next: ServerInstance;
  /** New calls go to the next one from here on. */
  readonly swap: () => void;
  readonly signal: AbortSignal;
}

/** Resolves when the old one is gone, or can't be removed now; does not reject. */
type Going = { readonly gone: Promise<void> };

/**
 * The next one replies before the old one goes. Throws why it does not; the old one was not touched then. A manager that
 * dies leaves both, and the one after it asks the next one again (docs/internals/replacement.md).
 */
export async function rollOver({ old, next, swap, signal }: TakePlaceOptions): Promise<Going> {
  await next.startInPlaceOf(old, { signal });
  return finishPlace({ old, next, swap });
}

/**
 * The old one ends first, and is kept until the next one replies; calls wait meanwhile. When that does not come up, its
 * reason is thrown, and the old one is started again.
 */
export async function recreate({ old, next, swap, signal }: TakePlaceOptions): Promise<Going> {
  try {
    await old.giveWay({ signal });
    await next.startInPlaceOf(old, { signal });
  } catch (error) {
    // A Stop removes it, and the manager after one that shuts down brings it back.
    if (!signal.aborted) await old.comeBack();
    throw error;
  }
  return finishPlace({ old, next, swap });
}

/** The next one replies: it gets calls, then the name. The old one finishes its calls, and goes. */
export async function finishPlace({ old, next, swap }: Omit<TakePlaceOptions, "signal">): Promise<Going> {
  swap();
  const { marked, done } = await old.retire();
  await marked.catch(() => {});
  await next.takeName();
  return { gone: done.catch(() => {}) };
}
