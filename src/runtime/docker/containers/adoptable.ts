import type Docker from "dockerode";
import { secretFolders } from "../../../base/spec/secret-places.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import { normalPath } from "../../../base/text/normal-path.ts";
import { numericUser } from "../files/user-files.ts";
import { hasWritableBind } from "../mounts/bind-rights.ts";
import { volumePlace } from "../mounts/image-volumes.ts";
import { boxWeaknesses } from "./box-weaknesses.ts";
import { boundedOnPodman } from "./podman-rules.ts";

export interface FoundContainer {
  readonly info: Docker.ContainerInspectInfo;
  readonly spec: ServerSpec;
  /** The user that its image names; empty is root. */
  readonly imageUser: string;
  /** Where its image has VOLUMEs. */
  readonly imageVolumes: readonly string[];
  /** What the network of its own is called. */
  readonly ownNetwork: string;
  /** Whether it was made from the image that the spec names, by that reference or by an id that the reference has. */
  readonly isOfImage: boolean;
  /** Whether a folder is the one that a spec names by this source. */
  readonly isSource: (folder: string, asked: string | undefined) => boolean;
  /** Whether a folder is one that the manager made for files of secrets. */
  readonly isSecretFolder: (folder: string) => boolean;
  /** As whom servers may write to bind mounts. */
  readonly bindUsers: readonly string[];
}

/**
 * Why a container is weaker than its spec, as the end of "its container …"; undefined: it is not. Labels can be copied:
 * what is taken over must be in the box that its spec describes, no matter who made it. Limits are not compared: older
 * managers may have had other defaults.
 */
export function reasonToLeaveAlone(found: FoundContainer): string | undefined {
  if (!found.isOfImage) return "was not made from the image of its spec";
  const weaknesses = [...boxWeaknesses(found.spec, found.info, found.ownNetwork)];
  if (weaknesses.length > 0) return weaknesses.join(", and ");
  if (!hasAskedMounts(found)) return "has mounts that its spec does not ask for";
  if (!hasAskedUser(found)) return "runs as another user than its spec asks for";
  const { RestartPolicy, OomKillDisable } = found.info.HostConfig;
  if (!["", "no"].includes(RestartPolicy?.Name ?? "")) return "is restarted by the engine";
  return OomKillDisable ? "is not ended when it has no memory left" : undefined;
}

/** A volume without a name of its own came with the image. */
function hasAskedMounts({ info, spec, imageVolumes, isSource, isSecretFolder }: FoundContainer): boolean {
  const { Tmpfs: tmpfs } = info.HostConfig as { readonly Tmpfs?: Record<string, string> | null };
  const asked = (spec.mounts ?? []).filter(({ type }) => type === "tmpfs").map(({ target }) => target);
  const known = new Set(["/tmp", ...Object.keys(boundedOnPodman(spec)), ...asked, ...imageVolumes.map(volumePlace)]);
  const isOurs = ([target, options]: [string, string]) =>
    known.has(normalPath(target)) && options.split(",").includes("noexec");
  if (!Object.entries(tmpfs ?? {}).every(isOurs)) return false;
  const secrets = secretFolders(spec);
  const isOfSecrets = ({ Type, Destination, RW, Source }: (typeof info.Mounts)[number]) =>
    Type === "bind" && !RW && secrets.has(normalPath(Destination)) && isSecretFolder(Source);
  return info.Mounts.every((mount) => {
    if (isOfSecrets(mount)) return true;
    const { Type: type, Destination: target, RW: writable, Source: source, Name: name = "" } = mount;
    if (type === "volume" && /^[0-9a-f]{64}$/.test(name)) return true;
    const asked = spec.mounts?.find((one) => one.type === type && one.target === normalPath(target));
    if (asked === undefined) return false;
    if (type === "tmpfs") return true;
    if (writable && asked.writable !== true) return false;
    return type === "volume" ? asked.source === name : isSource(source, asked.source);
  });
}

/** With a writable bind, numbers replace a user's name, so that the image's groups don't count. */
function hasAskedUser({ info, spec, imageUser, bindUsers }: FoundContainer): boolean {
  const asked = spec.user ?? imageUser;
  const { User: actual = "" } = info.Config;
  if (actual === asked || isRoot(asked)) return true;
  const isNumberPut = hasWritableBind(spec) && numericUser(asked) === undefined;
  return isNumberPut && bindUsers.includes(actual) && !isRoot(actual);
}

function isRoot(name: string): boolean {
  return ["", "0", "root"].includes(name.split(":")[0] ?? "");
}
