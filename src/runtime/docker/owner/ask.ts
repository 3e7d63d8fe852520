import { setTimeout as delay } from "node:timers/promises";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Lock } from "./lock.ts";
import type { LockVolumes } from "./lock-volumes.ts";

/**
 * How long an owner may take to answer: about a second. Counted in looks, not by a clock: on a machine that is too busy
 * for an answer, looking takes longer, too.
 */
const looks = 20;
const lookEveryMs = 50;

/** `changed`: other locks stand there now than those that were asked about. */
export type Answer = "lives" | "silent" | "changed";

/** Asks whether an owner lives: he takes the question away (`fleet-owner.ts`). */
export async function ask(
  volumes: LockVolumes,
  options: RuntimeCallOptions & { readonly about: readonly Lock[]; readonly nonce: string },
): Promise<Answer> {
  const { about, nonce } = options;
  await volumes.ask(nonce, options);
  try {
    for (let look = 0; look < looks; look += 1) {
      await delay(lookEveryMs);
      const { locks, asks } = await volumes.list(options);
      if (!asks.includes(nonce)) return "lives";
      if (!sameLocks(locks, about)) return "changed";
    }
    return "silent";
  } finally {
    // Whatever happened to the caller: the next owner would find the question, and remove it.
    await volumes.removeAsk(nonce, {}).catch(() => {});
  }
}

function sameLocks(some: readonly Lock[], others: readonly Lock[]): boolean {
  const nonces = new Set(some.map(({ nonce }) => nonce));
  return nonces.size === others.length && others.every(({ nonce }) => nonces.has(nonce));
}
