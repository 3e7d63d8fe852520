import type Docker from "dockerode";
import { invalidRequest, ManagerError } from "../../../base/errors/errors.ts";
import type { MountSpec } from "../../../base/spec/spec.ts";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/engine-error.ts";
import { isOwned, label, lockPrefix, ownerLabels } from "../engine/labels.ts";
import { bindNotAllowed } from "./bind-not-allowed.ts";
import { resolveBindSource } from "./bind-source.ts";
import type { Bind } from "./bound-folders.ts";
import { tmpfsBytes, tmpfsMode } from "./own-tmpfs.ts";

export interface MountContext {
  readonly engine: Engine;
  readonly fleet: string;
  readonly bindRoots: readonly string[];
  /** The manager's own places, which no server gets. */
  readonly ownPlaces: readonly string[];
  /** The manager's own user, who may swap a path as root may. */
  readonly uid: number;
  /** The server for which missing volumes are made. */
  readonly server?: string;
}

/**
 * A spec's mounts in the engine's terms. Throws for mounts that the operator or the engine does not allow, naming the
 * field.
 */
export async function resolveMounts(
  mounts: readonly MountSpec[] | undefined,
  context: MountContext & { readonly signal?: AbortSignal | undefined },
): Promise<Docker.MountSettings[]> {
  return Promise.all(
    (mounts ?? []).map((mount, index) => resolveMount(mount, { ...context, field: sourceField(index) })),
  );
}

/** The binds among mounts in the engine's terms. */
export function bindsOf(mounts: readonly Docker.MountSettings[]): Bind[] {
  return mounts.flatMap(({ Type, Source, ReadOnly }, index) =>
    Type === "bind" ? [{ source: Source, writable: ReadOnly !== true, field: sourceField(index) }] : [],
  );
}

function sourceField(index: number): string {
  return `spec.mounts[${index}].source`;
}

type OneMountContext = MountContext & { readonly signal?: AbortSignal | undefined; readonly field: string };

async function resolveMount(mount: MountSpec, context: OneMountContext): Promise<Docker.MountSettings> {
  switch (mount.type) {
    case "bind":
      return bindMount(mount, context);
    case "volume":
      return volumeMount(mount, context);
    case "tmpfs":
      // Always writable: a read-only empty folder would be of no use.
      return settings({
        Type: "tmpfs",
        Target: mount.target,
        TmpfsOptions: {
          SizeBytes: mount.sizeBytes ?? tmpfsBytes,
          Mode: Number.parseInt(mount.mode ?? tmpfsMode, 8),
        },
      });
  }
}

async function bindMount(mount: MountSpec, context: OneMountContext): Promise<Docker.MountSettings> {
  const { engine, field, bindRoots, uid, ownPlaces } = context;
  if (mount.source === undefined) throw invalidRequest([{ field, description: "a bind mount needs a source" }]);
  if (engine.address.kind === "remote") {
    throw bindNotAllowed({
      field,
      description: "bind mounts need an engine on the manager's own machine; DOCKER_HOST is remote: use a volume",
    });
  }
  return settings({
    Type: "bind",
    Source: await resolveBindSource(mount.source, { field, roots: bindRoots, uid, ownPlaces }),
    Target: mount.target,
    ReadOnly: mount.writable !== true,
    // Read-only is not recursive before Engine 25: submounts stay out, and nothing mounted later comes in.
    BindOptions: { NonRecursive: true, Propagation: "rprivate" },
  });
}

async function volumeMount(mount: MountSpec, context: OneMountContext): Promise<Docker.MountSettings> {
  const { source: name, target } = mount;
  if (name !== undefined) await checkVolume(name, context);
  return settings({
    Type: "volume",
    Target: target,
    // Without a name the volume is anonymous: it goes with the container, and the engine won't have it read-only.
    ...(name === undefined ? {} : { Source: name, ReadOnly: mount.writable !== true }),
    VolumeOptions: { Labels: volumeLabels(context) },
  });
}

/** A volume's labels can't be changed later, so they say from the beginning for which server it was made. */
export function volumeLabels({ fleet, server }: Pick<MountContext, "fleet" | "server">): Record<string, string> {
  return { ...ownerLabels(fleet), ...(server === undefined ? {} : { [label.server]: server }) };
}

/** A volume that exists must be this fleet's own; one that does not is created with our labels. */
async function checkVolume(name: string, context: OneMountContext): Promise<void> {
  const { engine, fleet, field, signal } = context;
  // Also because the name becomes part of an engine URL.
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    const description = `"${name}" is not a volume name: letters, digits, "_", "." and "-", at least two`;
    throw invalidRequest([{ field, description }]);
  }
  if (name.startsWith(lockPrefix)) {
    throw invalidRequest([{ field, description: `names that begin with "${lockPrefix}" are the manager's own` }]);
  }
  const volume = await engine.call(
    `inspect volume ${name}`,
    (docker) =>
      docker
        .getVolume(name)
        .inspect()
        .catch((error: unknown) => {
          if (statusOf(error) === 404) return undefined;
          throw error;
        }),
    { signal },
  );
  if (volume === undefined || isOwned(volume.Labels, fleet)) return;
  const description = `volume "${name}" exists and is not this fleet's: use another name`;
  throw new ManagerError("denied", `${field}: ${description}`, {
    details: { reason: "VOLUME_NOT_OWNED", delivery: "not_sent", violations: [{ field, description }] },
  });
}

/** @types/dockerode demands options that the engine does not (NoCopy, DriverConfig) and lacks NonRecursive. */
function settings(mount: object): Docker.MountSettings {
  return mount as Docker.MountSettings;
}
