import type Docker from "dockerode";
import type { InstanceRecord, RuntimeCallOptions } from "../runtime.ts";
import { containerOf } from "./container-id.ts";
import { stoppingName, stoppingNameWithId } from "./container-name.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";

/** Renames a container so that its name says a Stop is under way. Nothing to do when it is gone. */
export async function markStopping(
  record: InstanceRecord,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly fleet: string },
): Promise<void> {
  const { id, server, replica } = record;
  const stopping = stoppingName(options.fleet, server, replica);
  const rename = async (docker: Docker, abort: object) => {
    const container = containerOf(docker, id);
    try {
      await container.rename({ name: stopping, ...abort });
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (statusOf(error) !== 409) throw error;
      await container.rename({ name: stoppingNameWithId(stopping, id), ...abort });
    }
  };
  await options.engine.call(`mark ${server} as stopping`, rename, options);
}
