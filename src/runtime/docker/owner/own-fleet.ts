import { randomUUID } from "node:crypto";
import type { RuntimeCallOptions } from "../../runtime.ts";
import { claimFleet } from "./claim.ts";
import { FleetOwner, type FleetOwnerOptions } from "./fleet-owner.ts";
import { LockVolumes } from "./lock-volumes.ts";
import { thisHolder } from "./this-process.ts";

/** Claims the fleet and keeps it until disposed. Throws `conflict` (FLEET_OWNED) when another manager has it. */
export async function ownFleet(
  options: RuntimeCallOptions &
    Pick<FleetOwnerOptions, "engine" | "log" | "onLost"> & {
      readonly fleet: string;
      readonly now: () => number;
    },
): Promise<AsyncDisposable> {
  const volumes = new LockVolumes(options);
  const holder = await thisHolder(options);
  const lock = await claimFleet({ ...options, volumes, holder, newNonce: randomUUID });
  return new FleetOwner({ ...options, volumes, lock });
}
