import type Docker from "dockerode";
import { normalPath } from "../../normal-path.ts";
import type { ServerSpec } from "../../spec.ts";
import { boxWeaknesses } from "./weakness.ts";

export interface FoundContainer {
  readonly info: Docker.ContainerInspectInfo;
  readonly spec: ServerSpec;
  /** The user that its image names; empty is root. */
  readonly imageUser: string;
  /** Whether it was made from the image that the spec names, by that reference or by an id that the reference has. */
  readonly isOfImage: boolean;
  /** Whether a bind's source is what the spec asks for, or what the operator lets any spec ask for. */
  readonly isAllowedSource: (source: string, asked: string | undefined) => boolean;
}

/**
 * Why a container is weaker than its spec, as the end of "its container …"; undefined: it is not. Labels can be copied:
 * what is taken over must be in the box that its spec describes, whoever made it. Limits are not compared: older managers
 * may have had other defaults.
 */
export function weaknessOf(found: FoundContainer): string | undefined {
  if (!found.isOfImage) return "was not made from the image of its spec";
  const weaknesses = [...boxWeaknesses(found.spec, found.info)];
  if (weaknesses.length > 0) return weaknesses.join(", and ");
  if (!hasAskedMounts(found)) return "has mounts that its spec does not ask for";
  return hasAskedUser(found) ? undefined : "runs as another user than its spec asks for";
}

/** A volume without a name of its own came with the image. */
function hasAskedMounts({ info, spec, isAllowedSource }: FoundContainer): boolean {
  return info.Mounts.every((mount) => {
    const { Type: type, Destination: target, RW: writable, Source: source, Name: name = "" } = mount;
    if (type === "tmpfs" || (type === "volume" && /^[0-9a-f]{64}$/.test(name))) return true;
    const asked = spec.mounts?.find((one) => one.type === type && one.target === normalPath(target));
    if (asked === undefined || (writable && asked.writable !== true)) return false;
    return type === "volume" ? asked.source === name : isAllowedSource(source, asked.source);
  });
}

/** Numbers are put for the name of a user, so that its image's groups don't count. */
function hasAskedUser({ info, spec, imageUser }: FoundContainer): boolean {
  const asked = spec.user ?? imageUser;
  const { User: actual = "" } = info.Config;
  return actual === asked || /^[1-9]\d*:[1-9]\d*$/.test(actual) || isRoot(asked);
}

function isRoot(name: string): boolean {
  return ["", "0", "root"].includes(name.split(":")[0] ?? "");
}
