import type Docker from "dockerode";
import type { Log } from "../../../base/log/log.ts";
import type { MountSpec, ServerSpec } from "../../../base/spec/spec.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { removeContainer } from "../engine/remove-container.ts";
import { folderAt, giveFolder } from "../files/container-files.ts";

/** Where volumes are mounted to be given away: no image has a folder of that name. */
const parent = "/.mcpm-volumes";
const permissions = 0o1777;

/** A volume that is to get another owner or mode. */
export interface Gift {
  readonly mount: MountSpec;
  /** The folder's mode as it is. */
  readonly mode: number;
}

type Call = RuntimeCallOptions & { readonly engine: Engine };

/**
 * The volumes of a container that its server can't write to because they are new: empty and owned by root, as the
 * engine makes each volume at a path that the image lacks. A volume in use is left as it is.
 */
export async function volumesToGive(id: string, spec: ServerSpec, call: Call & { readonly user: string }) {
  const gifts: Gift[] = [];
  for (const mount of (spec.mounts ?? []).filter(isVolume)) {
    if (!concerns(mount, call.user)) continue;
    const folder = await folderAt(id, mount.target, call);
    if (folder === undefined || !folder.isEmpty || folder.uid !== 0) continue;
    const mode = folder.mode & permissions;
    const isAsked = mount.mode !== undefined && Number.parseInt(mount.mode, 8) !== mode;
    if (isAsked || !isRoot(mount, call.user)) gifts.push({ mount, mode });
  }
  return gifts;
}

function isVolume({ type, source }: MountSpec): boolean {
  return type === "volume" && source !== undefined;
}

/** A volume that the server only reads is left to the servers that write to it. */
function concerns(mount: MountSpec, user: string): boolean {
  return mount.mode !== undefined || !isRoot(mount, user);
}

function isRoot({ uid, writable }: MountSpec, user: string): boolean {
  return uid === undefined ? writable !== true || /^(?:0|root|)(?::|$)/.test(user) : uid === 0;
}

/**
 * Gives volumes to their owners, by a container that is never started: `makeAt` makes one with these mounts. Where the
 * engine keeps volumes, owners may be fixed (a network share): then the log says so, and no Start is refused.
 */
export async function giveVolumes(
  gifts: readonly Gift[],
  options: Call & {
    readonly log: Log;
    readonly makeAt: (mounts: Docker.MountSettings[]) => Promise<string>;
    /** As `uid:gid`; undefined: not known. */
    readonly owners: ReadonlyMap<MountSpec, string | undefined>;
  },
): Promise<void> {
  const id = await options.makeAt(gifts.map(({ mount }, index) => mountAt(`${parent}/${index}`, mount)));
  try {
    for (const [index, { mount, mode }] of gifts.entries()) {
      const owner = options.owners.get(mount);
      if (owner === undefined) continue;
      const asked = mount.mode === undefined ? mode : Number.parseInt(mount.mode, 8);
      await giveFolder(id, { parent, name: String(index), owner, mode: asked }, options);
    }
  } catch (error) {
    const volumes = gifts.map(({ mount }) => mount.source);
    options.log.warn("could not change the owner of new volumes", { volumes, error: String(error) });
  } finally {
    await removeContainer(id, { engine: options.engine });
  }
}

function mountAt(target: string, { source }: MountSpec): Docker.MountSettings {
  // Nothing of the image is copied into it. @types/dockerode demands options that the engine does not.
  return { Type: "volume", Source: source, Target: target, VolumeOptions: { NoCopy: true } } as Docker.MountSettings;
}
