import type Docker from "dockerode";
import { engineOwned } from "../../../base/spec/engine-place.ts";
import { numericUser } from "../mounts/bind-rights.ts";

/**
 * Whether an older manager made a container in a way that no manager does any more: as a user whose numbers, and
 * groups, are its image's to say, though it may write to a bind; or with a mount that it does not see, behind a tmpfs
 * of ours or the engine's own.
 */
export function isOutdated({ Mounts, HostConfig, Config }: Docker.ContainerInspectInfo): boolean {
  const { Tmpfs: tmpfs } = HostConfig as { readonly Tmpfs?: Record<string, string> | null };
  const isHidden = (target: string) => Object.hasOwn(tmpfs ?? {}, target) || engineOwned(target) !== undefined;
  if (Mounts.some(({ Type, Destination }) => Type !== "tmpfs" && isHidden(Destination))) return true;
  const writes = Mounts.some(({ Type, RW }) => Type === "bind" && RW);
  return writes && numericUser(Config.User) === undefined;
}
