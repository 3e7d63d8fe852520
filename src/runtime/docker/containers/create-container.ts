import type Docker from "dockerode";
import type { Log } from "../../../base/log/log.ts";
import type { MountSpec, ServerSpec } from "../../../base/spec/spec.ts";
import type { CreateRequest, RuntimeCallOptions } from "../../runtime.ts";
import type { EngineInfo } from "../engine/engine-info.ts";
import { containerLabels } from "../engine/labels.ts";
import { removeContainer } from "../engine/remove-container.ts";
import type { Turns } from "../engine/turns.ts";
import type { ImageFiles, ImageView } from "../files/image-files.ts";
import { type Images, imageUnavailable } from "../images/images.ts";
import { checkBoundFolders } from "../mounts/bound-folders.ts";
import { bindsOf, type MountContext, resolveMounts } from "../mounts/mounts.ts";
import { giveVolumes, volumesToGive } from "../mounts/volume-owners.ts";
import { networkName } from "./container-name.ts";
import { containerOptions } from "./container-options.ts";
import type { Created } from "./enforcement.ts";
import { type FitContext, type Fitting, fitToImage } from "./fit-to-image.ts";
import { makeContainer } from "./make-container.ts";

export interface CreateContext extends MountContext, FitContext, RuntimeCallOptions {
  readonly images: Images;
  readonly allowLabels: readonly string[];
  readonly facts: Pick<EngineInfo, "refusesCpus" | "logDriver" | "isPodman">;
  readonly log: Log;
  readonly imageFiles: ImageFiles;
  /** Of the containers with binds, so that each finds those before it. */
  readonly bindTurns: Turns;
}

/**
 * Creates a server's container and tells what the engine was asked for. Once the request is on its way it is not
 * aborted: the engine would create the container all the same, and nobody would know its id. A container that has the
 * name and is being removed is waited for.
 */
export async function createContainer(request: CreateRequest, context: CreateContext): Promise<Created> {
  const { spec, server } = request;
  const { facts, bindUsers, bindTurns, fleet } = context;
  const network = networkName(fleet, request);
  const image = await context.images.lookUp(spec.image, context);
  if (image === undefined) throw imageUnavailable(spec.image, "any more: it was removed meanwhile");
  const labels = containerLabels(request, { ...context, imageLabels: image.labels });
  const asked = await resolveMounts(spec.mounts, { ...context, server });
  if (asked.length > 0) bindUsers.check(spec);
  const make = (box: Box, made = spec) =>
    makeContainer(request, { ...context, asked: containerOptions(made, { ...facts, labels, network, ...box }) });
  const open = () => context.imageFiles.open(image, { ...context, makeBare: async () => (await make(bare)).id });
  const fitting = await fittingOf(spec, { ...context, open });
  const mounts = asked.filter(({ Type, Target }) => Type !== "tmpfs" || !Object.hasOwn(fitting.tmpfs, Target));
  const binds = bindsOf(asked);
  const makeBox = async (given: readonly string[]) => {
    if (binds.length > 0) await checkBoundFolders(binds, context);
    return make({
      ...fitting,
      mounts: mounts.map((mount) => (given.includes(mount.Target) ? uncopied(mount) : mount)),
    });
  };
  const makeInTurn = (given: readonly string[] = []) =>
    binds.length === 0 ? makeBox(given) : bindTurns.take(() => makeBox(given), context);
  const created = await makeInTurn();
  const makeAt = async (volumes: Docker.MountSettings[]) =>
    (await make({ mounts: volumes }, { ...spec, readOnlyRoot: false })).id;
  const given = await settleVolumes(created, { ...context, user: spec.user ?? image.user, open, makeAt });
  return given.length === 0 ? created : makeInTurn(given);
}

/** Without this, the engine copies the image's folder, with its owner, into a volume that is empty. */
function uncopied(mount: Docker.MountSettings): Docker.MountSettings {
  return { ...mount, VolumeOptions: { ...mount.VolumeOptions, NoCopy: true } } as Docker.MountSettings;
}

interface Box extends Partial<Fitting> {
  readonly mounts: Docker.MountSettings[];
}

const bare: Box = { mounts: [] };

type Opening = { readonly open: () => ImageView };

async function fittingOf(spec: ServerSpec, context: CreateContext & Opening): Promise<Fitting> {
  await using image = context.open();
  return await fitToImage(spec, image, context);
}

/**
 * Gives new volumes to the users that write to them, and returns where these volumes are mounted. If there are any, the
 * container, which was made to look at them, is removed, so that its name is free.
 */
async function settleVolumes(
  { id, spec }: Created,
  context: CreateContext &
    Opening & { readonly user: string; readonly makeAt: (mounts: Docker.MountSettings[]) => Promise<string> },
): Promise<string[]> {
  const { engine, users } = context;
  const gifts = await volumesToGive(id, spec, context).catch(async (error: unknown) => {
    await removeContainer(id, { engine });
    throw error;
  });
  if (gifts.length === 0) return [];
  await removeContainer(id, { engine });
  // One after the other: each may create a container of that name.
  const owners = new Map<MountSpec, string | undefined>();
  {
    await using image = context.open();
    for (const { mount } of gifts) owners.set(mount, await users.ownerFor(mount.uid, { spec, image }));
  }
  await giveVolumes(gifts, { ...context, owners });
  return gifts.map(({ mount }) => mount.target);
}
