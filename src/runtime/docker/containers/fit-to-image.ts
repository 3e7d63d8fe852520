import type { MountSpec, ServerSpec } from "../../../base/spec/spec.ts";
import { normalPath } from "../../../base/text/normal-path.ts";
import type { EngineInfo } from "../engine/engine-info.ts";
import type { ImageView } from "../files/image-files.ts";
import type { ImageUsers } from "../files/image-users.ts";
import { hasWritableBind } from "../mounts/bind-rights.ts";
import type { BindUsers } from "../mounts/bind-users.ts";
import { checkedVolumes, type ImageVolumes, leftVolumes } from "../mounts/image-volumes.ts";
import { ownTmpfs, tmpfsOptions } from "../mounts/own-tmpfs.ts";
import { checkTargets } from "../mounts/target-links.ts";
import { boundedOnPodman } from "./podman-rules.ts";

export interface FitContext {
  readonly bindUsers: BindUsers;
  readonly users: ImageUsers;
  readonly imageVolumes: ImageVolumes;
  readonly facts: Pick<EngineInfo, "isPodman">;
}

/** What a container gets because of its image, besides what its spec says. */
export interface Fitting {
  /** As `uid:gid`, when it must be just that. */
  readonly user: string | undefined;
  /** Undefined: the image's own. */
  readonly home: string | undefined;
  /** Those that can't be mounts: that have an owner, on Podman all; by target. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Who is to own files of secrets, as `uid:gid`; undefined: there are none, or the image does not say. */
  readonly fileOwner: string | undefined;
}

/** Refuses a spec that does not go together with its image. */
export async function fitToImage(spec: ServerSpec, image: ImageView, context: FitContext): Promise<Fitting> {
  const left = checkedVolumes(spec, image.identity, context);
  if (spec.mounts !== undefined || spec.secretFiles !== undefined) await checkTargets(spec, image);
  return {
    user: hasWritableBind(spec) ? await context.bindUsers.of(spec, image) : undefined,
    home: await defaultHome(spec, image, context.users),
    tmpfs: await ownedTmpfs(spec, image, { ...context, left }),
    fileOwner: spec.secretFiles && (await context.users.ownerFor(undefined, { spec, image })),
  };
}

/**
 * A HOME that can be written. With a read-only root an image's HOME seldom can be, and programs that keep something
 * there exit. A HOME of the spec always counts.
 */
async function defaultHome(spec: ServerSpec, image: ImageView, users: ImageUsers): Promise<string | undefined> {
  const { readOnlyRoot, env = {}, secrets = {}, mounts = [], user = image.identity.user } = spec;
  if (readOnlyRoot === false || Object.hasOwn({ ...env, ...secrets }, "HOME")) return undefined;
  const own = Object.keys(ownTmpfs(spec)).map((target) => ({ target, isWritable: true }));
  const asked = mounts.map((mount) => ({ target: mount.target, isWritable: isWritable(mount) }));
  const volumes = leftVolumes(spec, image.identity).map((target) => ({ target, isWritable: true }));
  const places = [...own, ...asked, ...volumes];
  const temporary = [...own, ...mounts.filter(({ type }) => type === "tmpfs")].map(({ target }) => target);
  const fallback = places.find((place) => place.target === "/tmp" && place.isWritable)?.target ?? temporary[0];
  // When only the fallback can be written, it makes no difference which other home the image has.
  const isPlain = places.every((place) => !place.isWritable || place.target === fallback);
  const usersHome = async () => (isPlain ? "/" : await users.homeOf(user, image));
  const home = normalPath(image.identity.home ?? (await usersHome()));
  const around = places.filter(({ target }) => home === target || home.startsWith(`${target}/`));
  const nearest = around.toSorted((a, b) => b.target.length - a.target.length)[0];
  return nearest?.isWritable ? undefined : fallback;
}

function isWritable({ type, writable }: MountSpec): boolean {
  return type === "tmpfs" || writable === true;
}

/** Root owns a tmpfs whose mount names no owner; over a folder of the image, others can't always write to it. */
async function ownedTmpfs(
  spec: ServerSpec,
  image: ImageView,
  context: FitContext & { readonly left: readonly string[] },
): Promise<Record<string, string>> {
  const { isPodman } = context.facts;
  const owned: Record<string, string> = isPodman ? boundedOnPodman(spec) : {};
  // Podman knows no owner of a tmpfs, and its mode counts over a folder of the image, too.
  const ownerOf = async (mount: Pick<MountSpec, "uid" | "target">) =>
    isPodman ? undefined : tmpfsOwner(mount, { spec, image, users: context.users });
  for (const mount of spec.mounts ?? []) {
    if (mount.type !== "tmpfs") continue;
    const owner = await ownerOf(mount);
    // Podman lets programs be run from a tmpfs that is a mount.
    if (owner !== undefined || isPodman) owned[mount.target] = tmpfsOptions({ ...mount, owner });
  }
  if (context.imageVolumes !== "tmpfs") return owned;
  for (const target of context.left) {
    owned[target] = tmpfsOptions({ owner: await ownerOf({ target }) });
  }
  return owned;
}

/** Undefined: the owner makes no difference, or the image does not say who it is. */
async function tmpfsOwner(
  mount: Pick<MountSpec, "uid" | "target">,
  { spec, image, users }: { readonly spec: ServerSpec; readonly image: ImageView; readonly users: ImageUsers },
): Promise<string | undefined> {
  if (mount.uid === undefined && (await image.entry(mount.target)).kind === "absent") return undefined;
  const owner = await users.ownerFor(mount.uid, { spec, image });
  return mount.uid === undefined && owner?.startsWith("0:") ? undefined : owner;
}
