import { setTimeout as delay } from "node:timers/promises";
import type { ManagerError } from "../../../base/errors/errors.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";
import { engineRefusal } from "../engine/engine-error.ts";
import { ask } from "./ask.ts";
import { type Holder, type Lock, lockName, sayHolder } from "./lock.ts";
import type { LockVolumes } from "./lock-volumes.ts";
import { isDead } from "./this-process.ts";

/** A round fails only when another manager got further; so many failures in a row mean that something is wrong. */
const maxRounds = 20;
const maxPauseMs = 50;

export interface ClaimOptions extends RuntimeCallOptions {
  readonly volumes: LockVolumes;
  readonly holder: Holder;
  readonly newNonce: () => string;
}

/**
 * Makes this manager the owner of the fleet: creates the lock of the next generation, once nobody lives who holds an
 * earlier one. Throws `conflict` (FLEET_OWNED) when somebody does.
 */
export async function claimFleet(options: ClaimOptions): Promise<Lock> {
  for (let round = 0; round < maxRounds; round += 1) {
    // Of those who got in each other's way, one should come first now.
    if (round > 0) await delay(Math.random() * maxPauseMs);
    const lock = await tryClaim(options);
    if (lock !== undefined) return lock;
  }
  const { fleet } = options.volumes;
  const names = lockName(fleet, { generation: 1 });
  const message = `the fleet ${fleet} can't be claimed: volumes like ${names} change all the time, or are not a manager's`;
  throw engineRefusal("conflict", `${message}; see \`docker volume ls\`, or choose another MCPM_FLEET`, {
    reason: "FLEET_OWNED",
  });
}

async function tryClaim(options: ClaimOptions): Promise<Lock | undefined> {
  const { volumes, holder, newNonce } = options;
  const { locks, question } = await volumes.list(options);
  const nonce = newNonce();
  if (!(await allDead(locks))) {
    const answer = await ask(volumes, { ...options, about: locks, nonce });
    if (answer === "lives") throw fleetOwned(volumes.fleet, highest(locks)?.holder ?? holder);
    if (answer === "changed") return undefined;
  }
  const generation = (highest(locks)?.generation ?? 0) + 1;
  const lock = { generation, nonce, after: locks.map((other) => other.nonce), holder };
  const standing = await makeStand(volumes, { ...options, lock });
  if (standing === "taken") return undefined;
  if (standing === "disputed") {
    await volumes.remove(lock, {});
    return undefined;
  }
  // What stays when this fails is cleared up by the next claim.
  await Promise.allSettled([
    ...locks.map((other) => volumes.remove(other, options)),
    ...(locks.length > 0 || question !== undefined ? [volumes.answer(options)] : []),
  ]);
  return lock;
}

/**
 * Creates the lock and lists again. `taken`: another manager has this generation. `disputed`: there is a lock that this
 * one's maker did not know of, and its maker may own the fleet. Of two locks, the manager that created the later one
 * sees both.
 */
export async function makeStand(
  volumes: LockVolumes,
  options: RuntimeCallOptions & { readonly lock: Lock },
): Promise<"stands" | "taken" | "disputed"> {
  const { lock } = options;
  await volumes.create(lock, options);
  const { locks } = await volumes.list(options);
  if (!locks.some(({ nonce }) => nonce === lock.nonce)) return "taken";
  const known = new Set([lock.nonce, ...lock.after]);
  return locks.every(({ nonce }) => known.has(nonce)) ? "stands" : "disputed";
}

export function fleetOwned(fleet: string, holder: Holder): ManagerError {
  const message = `the fleet ${fleet} is held by ${sayHolder(holder)}: stop that one, or choose another MCPM_FLEET`;
  return engineRefusal("conflict", message, { reason: "FLEET_OWNED" });
}

async function allDead(locks: readonly Lock[]): Promise<boolean> {
  const dead = await Promise.all(locks.map(({ holder }) => isDead(holder.processKey)));
  return dead.every((is) => is);
}

function highest(locks: readonly Lock[]): Lock | undefined {
  return locks.toSorted((a, b) => b.generation - a.generation)[0];
}
