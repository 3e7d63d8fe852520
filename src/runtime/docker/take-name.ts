import type { InstanceRecord, RuntimeCallOptions } from "../runtime.ts";
import { containerName } from "./container-name.ts";
import type { Engine } from "./engine.ts";
import { rename } from "./rename.ts";

/**
 * Gives a container the plain name of its server, which it did not have while it was to replace another, or while a
 * Restart was under way. The name is for people: one that finds it taken needs nothing done.
 */
export async function takeName(
  { id, server, replica }: InstanceRecord,
  options: RuntimeCallOptions & { readonly engine: Engine; readonly fleet: string },
): Promise<void> {
  const name = containerName(options.fleet, server, replica);
  await rename(id, { ...options, name, doing: `rename ${server}`, mayBeTaken: true });
}
