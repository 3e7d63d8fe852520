import type Docker from "dockerode";
import { invalidRequest } from "../../../base/errors/errors.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { CreateRequest, RuntimeCallOptions } from "../../runtime.ts";
import { engineText, statusOf } from "../engine/engine-error.ts";
import { containerLabels } from "../engine/labels.ts";
import type { Turns } from "../engine/turns.ts";
import type { ImageFiles } from "../files/image-files.ts";
import { type Image, type Images, imageUnavailable } from "../images/images.ts";
import { hasWritableBind } from "../mounts/bind-rights.ts";
import type { BindUsers } from "../mounts/bind-users.ts";
import { checkBoundFolders } from "../mounts/bound-folders.ts";
import { bindsOf, type MountContext, resolveMounts } from "../mounts/mounts.ts";
import { checkTargets } from "../mounts/target-links.ts";
import { containerName, nextName } from "./container-name.ts";
import { containerOptions } from "./container-options.ts";
import type { Created } from "./enforcement.ts";
import { nameFreed, nameTaken } from "./name-freed.ts";

/** How often creation is tried when the name was taken, and free a moment later. */
const maxTries = 3;

export interface CreateContext extends MountContext, RuntimeCallOptions {
  readonly images: Images;
  readonly allowLabels: readonly string[];
  readonly takesCpus: boolean;
  readonly bindUsers: BindUsers;
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
  const { spec } = request;
  const { takesCpus } = context;
  const image = await context.images.lookUp(spec.image, context);
  if (image === undefined) throw imageUnavailable(spec.image, "any more: it was removed meanwhile");
  const labels = containerLabels(request, { ...context, imageLabels: image.labels });
  const mounts = await resolveMounts(spec.mounts, context);
  const make = (options: { mounts: Docker.MountSettings[]; user?: string | undefined }) =>
    makeContainer(request, { ...context, asked: containerOptions(spec, { labels, takesCpus, ...options }) });
  if (mounts.length === 0) return make({ mounts });
  context.bindUsers.check(spec);
  const makeBare = async () => (await make({ mounts: [] })).id;
  const user = await checkImage(spec, { ...context, image, makeBare });
  const binds = bindsOf(mounts);
  if (binds.length === 0) return make({ mounts });
  return context.bindTurns.take(async () => {
    await checkBoundFolders(binds, context);
    return make({ mounts, user });
  }, context);
}

/** Refuses mounts that don't go together with the image. Returns the user, when it must be a certain one. */
async function checkImage(
  spec: ServerSpec,
  context: CreateContext & { readonly image: Image; readonly makeBare: () => Promise<string> },
): Promise<string | undefined> {
  await using image = context.imageFiles.open(context.image, context);
  await checkTargets(spec, image);
  return hasWritableBind(spec) ? await context.bindUsers.of(spec, image) : undefined;
}

async function makeContainer(
  { server, replica, spec, replaces }: CreateRequest,
  context: MountContext & RuntimeCallOptions & { readonly asked: Docker.ContainerCreateOptions },
): Promise<Created> {
  const { engine, fleet, signal, asked } = context;
  const name = (replaces === undefined ? containerName : nextName)(fleet, server, replica);
  // Apart from each other, or dockerode puts the whole body, env values included, into the URL too.
  const split = { _query: { name }, _body: asked };
  const create = async (docker: Docker): Promise<CreateResponse | { conflict: unknown }> => {
    try {
      return await dialCreate(docker, split);
    } catch (error) {
      if (statusOf(error) === 400 && spec.limits?.cpus !== undefined && /cpu/i.test(engineText(error))) {
        throw invalidRequest([{ field: "spec.limits.cpus", description: engineText(error) }]);
      }
      if (statusOf(error) === 404) throw imageUnavailable(spec.image, "any more: it was removed meanwhile", error);
      if (statusOf(error) !== 409) throw error;
      return { conflict: error };
    }
  };
  for (let tries = 1; ; tries += 1) {
    engine.throwIfAborted(signal);
    const made = await engine.call(`create ${name}`, create, {});
    if ("Id" in made) return { id: made.Id, server, spec, asked, warnings: made.Warnings ?? [] };
    // Somebody is making a container of that name at this very moment.
    if (tries === maxTries) throw nameTaken(`a container named ${name} exists already`, { server, ...made });
    await nameFreed(name, { ...context, server, ...made });
  }
}

interface CreateResponse {
  readonly Id: string;
  readonly Warnings?: readonly string[] | null;
}

/** As dockerode's `createContainer`, which drops the warnings. */
function dialCreate(docker: Docker, options: object): Promise<CreateResponse> {
  const statusCodes = { 200: true, 201: true, 400: "bad parameter", 404: "no such image", 409: "conflict" };
  const request = { path: "/containers/create?", method: "POST", options, statusCodes };
  return new Promise((resolve, reject) => {
    docker.modem.dial(request, (error: unknown, response: unknown) =>
      error ? reject(error) : resolve(response as CreateResponse),
    );
  });
}
