import type Docker from "dockerode";
import type { ServerSpec } from "../../spec.ts";
import type { CreateRequest, RuntimeCallOptions } from "../runtime.ts";
import { hasWritableBind } from "./bind-rights.ts";
import type { BindUsers } from "./bind-users.ts";
import { checkBoundFolders } from "./bound-folders.ts";
import { containerName, nextName } from "./container-name.ts";
import { containerOptions } from "./container-options.ts";
import { statusOf } from "./engine-error.ts";
import type { ImageFiles } from "./image-files.ts";
import { imageUnavailable } from "./images.ts";
import { containerLabels } from "./labels.ts";
import { bindsOf, type MountContext, resolveMounts } from "./mounts.ts";
import { nameFreed, nameTaken } from "./name-freed.ts";
import { checkTargets } from "./target-links.ts";
import type { Turns } from "./turns.ts";

/** How often a name is asked for that was taken and that nobody had a moment later. */
const maxTries = 3;

export interface CreateContext extends MountContext, RuntimeCallOptions {
  readonly bindUsers: BindUsers;
  readonly imageFiles: ImageFiles;
  /** Of the containers with binds, so that each finds those before it. */
  readonly bindTurns: Turns;
}

/**
 * Creates a server's container and returns its id. Once the request is on its way it is not aborted: the engine would
 * create the container all the same, and nobody would know its id. A container that has the name and is being removed is
 * waited for.
 */
export async function createContainer(request: CreateRequest, context: CreateContext): Promise<string> {
  const { spec } = request;
  const labels = containerLabels(request, context.fleet);
  const mounts = await resolveMounts(spec.mounts, context);
  const make = (options: { mounts: Docker.MountSettings[]; user?: string | undefined }) =>
    makeContainer(request, { ...context, body: containerOptions(spec, { labels, ...options }) });
  if (mounts.length === 0) return make({ mounts });
  context.bindUsers.check(spec);
  const user = await checkImage(spec, { ...context, makeBare: () => make({ mounts: [] }) });
  const binds = bindsOf(mounts);
  if (binds.length === 0) return make({ mounts });
  return context.bindTurns.take(async () => {
    await checkBoundFolders(binds, context);
    return make({ mounts, user });
  }, context);
}

/** Refuses what mounts and image don't go together for. Gives the user, when it must be a certain one. */
async function checkImage(
  spec: ServerSpec,
  context: CreateContext & { readonly makeBare: () => Promise<string> },
): Promise<string | undefined> {
  await using image = await context.imageFiles.open(spec.image, context);
  await checkTargets(spec, image);
  return hasWritableBind(spec) ? await context.bindUsers.of(spec, image) : undefined;
}

async function makeContainer(
  { server, replica, spec, replaces }: CreateRequest,
  context: MountContext & RuntimeCallOptions & { readonly body: Docker.ContainerCreateOptions },
): Promise<string> {
  const { engine, fleet, signal } = context;
  const name = (replaces === undefined ? containerName : nextName)(fleet, server, replica);
  // Apart from each other, or dockerode puts the whole body, env values included, into the URL too.
  const split = { _query: { name }, _body: context.body };
  const create = async (docker: Docker): Promise<{ id: string } | { conflict: unknown }> => {
    try {
      return await docker.createContainer(split as unknown as Docker.ContainerCreateOptions);
    } catch (error) {
      if (statusOf(error) === 404) throw imageUnavailable(spec.image, "any more: it was removed meanwhile", error);
      if (statusOf(error) !== 409) throw error;
      return { conflict: error };
    }
  };
  for (let tries = 1; ; tries += 1) {
    engine.throwIfAborted(signal);
    const made = await engine.call(`create ${name}`, create, {});
    if ("id" in made) return made.id;
    // Somebody is making a container of that name at this very moment.
    if (tries === maxTries) throw nameTaken(`a container named ${name} exists already`, { server, ...made });
    await nameFreed(name, { ...context, server, ...made });
  }
}
