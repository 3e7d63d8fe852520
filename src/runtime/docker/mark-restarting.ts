import type Docker from "dockerode";
import type { InstanceRecord, RuntimeCallOptions } from "../runtime.ts";
import { restartingName } from "./container-name.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";

/** Renames a container so that its name says a Restart is under way. Nothing to do when it is gone or has the name. */
export async function markRestarting(
  { id, server, replica }: InstanceRecord,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly fleet: string },
): Promise<void> {
  const name = restartingName(options.fleet, server, replica);
  const rename = async (docker: Docker, abort: object) => {
    try {
      await docker.getContainer(id).rename({ name, ...abort });
    } catch (error) {
      const status = statusOf(error);
      // 400: the engine says so of a name that it has already.
      if (status !== 400 && status !== 404) throw error;
    }
  };
  await options.engine.call(`mark ${server} as restarting`, rename, options);
}
