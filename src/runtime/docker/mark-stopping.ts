import type { InstanceRecord, RuntimeCallOptions } from "../runtime.ts";
import { stoppingName, stoppingNameWithId } from "./container-name.ts";
import type { Abort, Engine } from "./engine.ts";
import type { EngineApi } from "./engine-api.ts";
import { statusOf } from "./engine-error.ts";

/** Renames a container so that its name says a Stop is under way. Nothing to do when it is gone. */
export async function markStopping(
  record: InstanceRecord,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly fleet: string },
): Promise<void> {
  const { id, server, replica } = record;
  const stopping = stoppingName(options.fleet, server, replica);
  const rename = async (api: EngineApi, abort: Abort) => {
    const path = `/containers/${id}/rename`;
    try {
      await api.post(path, { query: { name: stopping }, ...abort });
    } catch (error) {
      if (statusOf(error) === 404) return;
      if (statusOf(error) !== 409) throw error;
      await api.post(path, { query: { name: stoppingNameWithId(stopping, id) }, ...abort });
    }
  };
  await options.engine.call(`mark ${server} as stopping`, rename, options);
}
