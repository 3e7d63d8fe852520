import type Docker from "dockerode";
import { engineOwned } from "../../../base/spec/engine-place.ts";
import { numericUser } from "../files/user-files.ts";

/**
 * Whether an older manager made a container in a way that no manager does any more: it may write to a bind as a user
 * whose numbers and groups its image decides, or it has a mount that is hidden behind a tmpfs of ours or the engine's
 * own.
 */
export function isOutdated({ Mounts, HostConfig, Config }: Docker.ContainerInspectInfo): boolean {
  const { Tmpfs: tmpfs } = HostConfig as { readonly Tmpfs?: Record<string, string> | null };
  const isHidden = (target: string) => Object.hasOwn(tmpfs ?? {}, target) || engineOwned(target) !== undefined;
  // A volume without a name of its own came with the image: a tmpfs over it is meant.
  const isAsked = ({ Type, Name = "" }: { readonly Type: string; readonly Name?: string | undefined }) =>
    Type !== "tmpfs" && !/^[0-9a-f]{64}$/.test(Name);
  if (Mounts.some((mount) => isAsked(mount) && isHidden(mount.Destination))) return true;
  const writes = Mounts.some(({ Type, RW }) => Type === "bind" && RW);
  return writes && numericUser(Config.User) === undefined;
}
