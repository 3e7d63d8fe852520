import type Docker from "dockerode";
import type { CreateRequest, RuntimeCallOptions } from "../runtime.ts";
import { containerName, nextName } from "./container-name.ts";
import { containerOptions } from "./container-options.ts";
import { refusal, statusOf } from "./engine-error.ts";
import { imageUnavailable } from "./images.ts";
import { containerLabels } from "./labels.ts";
import { type MountContext, resolveMounts } from "./mounts.ts";

/**
 * Creates a server's container and returns its id. Once the request is on its way it is not aborted: the engine would
 * create the container all the same, and nobody would know its id.
 */
export async function createContainer(
  request: CreateRequest,
  context: MountContext & RuntimeCallOptions,
): Promise<string> {
  const { server, replica, spec, replaces } = request;
  const { engine, fleet, signal } = context;
  const labels = containerLabels(request, fleet);
  const mounts = await resolveMounts(spec.mounts, context);
  engine.throwIfAborted(signal);
  const name = (replaces === undefined ? containerName : nextName)(fleet, server, replica);
  // Apart from each other, or dockerode puts the whole body, env values included, into the URL too.
  const split = { _query: { name }, _body: containerOptions(spec, { labels, mounts }) };
  const create = async (docker: Docker) => {
    try {
      return await docker.createContainer(split as unknown as Docker.ContainerCreateOptions);
    } catch (error) {
      if (statusOf(error) === 404) throw imageUnavailable(spec.image, "any more: it was removed meanwhile", error);
      if (statusOf(error) !== 409) throw error;
      throw refusal(
        "conflict",
        `a container named ${name} exists already and is not this server's: remove or rename it`,
        {
          reason: "NAME_TAKEN",
          server,
          cause: error,
        },
      );
    }
  };
  const container = await engine.call(`create ${name}`, create, {});
  return container.id;
}
