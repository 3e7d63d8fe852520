import { type ServerSpec, specDefaults } from "../../base/spec/spec.ts";
import type { FleetDependencies } from "../run/fleet-services.ts";

/** Whether a container of this spec may run beside the one whose place it is to take, as far as is known. */
export function hasRoomForBoth(
  { limits = {} }: ServerSpec,
  { freeMemory }: Pick<FleetDependencies, "freeMemory">,
): boolean {
  const { memoryBytes = specDefaults.memoryBytes } = limits;
  return freeMemory === undefined || freeMemory() >= memoryBytes;
}
