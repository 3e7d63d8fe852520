import type Docker from "dockerode";
import type { CreateRequest, RuntimeCallOptions } from "../runtime.ts";
import { containerName, nextName } from "./container-name.ts";
import { containerOptions } from "./container-options.ts";
import { statusOf } from "./engine-error.ts";
import { type Images, imageUnavailable } from "./images.ts";
import { containerLabels } from "./labels.ts";
import { type MountContext, resolveMounts } from "./mounts.ts";
import { nameFreed, nameTaken } from "./name-freed.ts";

/** How often a name is asked for that was taken and that nobody had a moment later. */
const maxTries = 3;

export interface CreateContext extends MountContext {
  readonly images: Images;
  readonly allowLabels: readonly string[];
}

/**
 * Creates a server's container and returns its id. Once the request is on its way it is not aborted: the engine would
 * create the container all the same, and nobody would know its id. A container that has the name and is being removed is
 * waited for.
 */
export async function createContainer(
  request: CreateRequest,
  context: CreateContext & RuntimeCallOptions,
): Promise<string> {
  const { server, replica, spec, replaces } = request;
  const { engine, fleet, signal } = context;
  const image = await context.images.lookUp(spec.image, context);
  if (image === undefined) throw imageUnavailable(spec.image, "any more: it was removed meanwhile");
  const labels = containerLabels(request, { ...context, imageLabels: image.labels });
  const mounts = await resolveMounts(spec.mounts, context);
  const name = (replaces === undefined ? containerName : nextName)(fleet, server, replica);
  // Apart from each other, or dockerode puts the whole body, env values included, into the URL too.
  const split = { _query: { name }, _body: containerOptions(spec, { labels, mounts }) };
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
