import type { InstanceRecord, RuntimeCallOptions } from "../runtime.ts";
import { restartingName } from "./container-name.ts";
import type { Engine } from "./engine.ts";
import { rename } from "./rename.ts";

/** Renames a container so that its name says a Restart is under way. */
export async function markRestarting(
  { id, server, replica }: InstanceRecord,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly fleet: string },
): Promise<void> {
  const name = restartingName(options.fleet, server, replica);
  await rename(id, { ...options, name, doing: `mark ${server} as restarting`, mayBeTaken: false });
}
