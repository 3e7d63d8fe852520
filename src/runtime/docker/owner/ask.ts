import { setTimeout as delay } from "node:timers/promises";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Lock } from "./lock.ts";
import type { LockVolumes } from "./lock-volumes.ts";

/** How long an owner may take to answer, hanging or deaf: about three seconds on a machine with nothing else to do. */
const minLooks = 60;
const lookEveryMs = 50;
/** On a busy one as many times as long as asking took: answering is about the same work. */
const askTimes = 10;

/** `changed`: other locks stand there now than those that were asked about. */
export type Answer = "lives" | "silent" | "changed";

/**
 * Asks whether an owner lives: a living owner removes the question (`fleet-owner.ts`). Otherwise the question stays for
 * the next owner to remove.
 */
export async function ask(
  volumes: LockVolumes,
  options: RuntimeCallOptions & { readonly about: readonly Lock[]; readonly nonce: string },
): Promise<Answer> {
  const { about, nonce } = options;
  const startedMs = performance.now();
  await volumes.ask(nonce, options);
  const { question } = await volumes.list(options);
  const askedMs = performance.now();
  const patienceMs = (askedMs - startedMs) * askTimes;
  if (question === undefined) return "lives";
  for (let looks = 0; looks < minLooks || performance.now() - askedMs < patienceMs; looks += 1) {
    await delay(lookEveryMs);
    const now = await volumes.list(options);
    // Another question than the one that was waited for: that one was answered.
    if (now.question !== question) return "lives";
    if (!sameLocks(now.locks, about)) return "changed";
  }
  return "silent";
}

function sameLocks(some: readonly Lock[], others: readonly Lock[]): boolean {
  const nonces = new Set(some.map(({ nonce }) => nonce));
  return nonces.size === others.length && others.every(({ nonce }) => nonces.has(nonce));
}
