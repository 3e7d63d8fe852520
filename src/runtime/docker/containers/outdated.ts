import type Docker from "dockerode";
import { engineOwned } from "../../../base/spec/engine-place.ts";
import { numericUser } from "../mounts/bind-rights.ts";

/**
 * Whether an older manager made a container in a way that no manager does any more: it may write to a bind as a user
 * whose numbers and groups its image decides, or it has a mount that is hidden behind a tmpfs of ours or the engine's
 * own.
 */
export function isOutdated({ Mounts, HostConfig, Config }: Docker.ContainerInspectInfo): boolean {
  const { Tmpfs: tmpfs } = HostConfig as { readonly Tmpfs?: Record<string, string> | null };
  const isHidden = (target: string) => Object.hasOwn(tmpfs ?? {}, target) || engineOwned(target) !== undefined;
  if (Mounts.some(({ Type, Destination }) => Type !== "tmpfs" && isHidden(Destination))) return true;
  const writes = Mounts.some(({ Type, RW }) => Type === "bind" && RW);
  return writes && numericUser(Config.User) === undefined;
}
