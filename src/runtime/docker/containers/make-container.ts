import type Docker from "dockerode";
import { invalidRequest } from "../../../base/errors/errors.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { CreateRequest, RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { engineText, statusOf } from "../engine/engine-error.ts";
import { imageUnavailable } from "../images/images.ts";
import { containerName, nextName } from "./container-name.ts";
import type { Created } from "./enforcement.ts";
import { nameFreed, nameTaken } from "./name-freed.ts";

/** How often creation is tried when the name was taken, and free a moment later. */
const maxTries = 3;

interface MakeContext extends RuntimeCallOptions {
  readonly engine: Engine;
  readonly fleet: string;
  readonly asked: Docker.ContainerCreateOptions;
}

/** Creates a container. One that has the name and is being removed is waited for. */
export async function makeContainer(
  { server, replica, spec, replaces }: CreateRequest,
  context: MakeContext,
): Promise<Created> {
  const { engine, fleet, signal, asked } = context;
  const name = (replaces === undefined ? containerName : nextName)(fleet, server, replica);
  // Apart from each other, or dockerode puts the whole body, env values included, into the URL too.
  const split = { _query: { name }, _body: asked };
  const create = async (docker: Docker): Promise<CreateResponse | { conflict: unknown }> => {
    try {
      return await dialCreate(docker, split);
    } catch (error) {
      if (statusOf(error) !== 409) throw refusalOf(error, spec);
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

/** When the engine refuses a field of the spec: an error that names it. */
function refusalOf(error: unknown, { image, limits, workingDir }: ServerSpec): unknown {
  const status = statusOf(error);
  const text = engineText(error);
  if (status === 404) return imageUnavailable(image, "any more: it was removed meanwhile", error);
  if (status === 400 && limits?.cpus !== undefined && /cpu/i.test(text)) {
    return invalidRequest([{ field: "spec.limits.cpus", description: text }]);
  }
  // Also for a path below a file. The engine's text has the container's folder on the host, so it is not passed on.
  if (status !== undefined && workingDir !== undefined && /not a directory/i.test(text)) {
    const description = `${JSON.stringify(workingDir)} is not a folder in this image`;
    return invalidRequest([{ field: "spec.working_dir", description }]);
  }
  return error;
}
