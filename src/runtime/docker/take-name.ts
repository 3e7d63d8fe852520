import type Docker from "dockerode";
import type { InstanceRecord, RuntimeCallOptions } from "../runtime.ts";
import { containerName } from "./container-name.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";

/**
 * Gives a container that was created to replace another the plain name of its server. The name is for people: a
 * container that is gone, has it already, or finds it taken needs nothing done.
 */
export async function takeName(
  record: InstanceRecord,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly fleet: string },
): Promise<void> {
  const { id, server, replica } = record;
  const name = containerName(options.fleet, server, replica);
  const rename = async (docker: Docker, abort: object) => {
    try {
      await docker.getContainer(id).rename({ name, ...abort });
    } catch (error) {
      const status = statusOf(error);
      // 400: the engine says so of a name that it has already.
      if (status !== 400 && status !== 404 && status !== 409) throw error;
    }
  };
  await options.engine.call(`rename ${server}`, rename, options);
}
