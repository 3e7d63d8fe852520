import type { InstanceRecord } from "../runtime/runtime.ts";
import { cleanUp } from "./clean-up.ts";
import type { LaunchContext, Launched } from "./launch-context.ts";
import { removeReplaced } from "./replacements.ts";

export interface ReplaceOptions {
  readonly old: InstanceRecord;
  readonly signal: AbortSignal;
  readonly start: (
    context: LaunchContext,
    options: { record: InstanceRecord; signal: AbortSignal },
  ) => Promise<Launched>;
}

/**
 * Some servers of the legacy era exit when they are asked which era they are of (Rust's rmcp before 3). The container is
 * replaced by one that is marked legacy, and so is never asked. Killed at any instant, a manager leaves one of the two
 * that the next one goes on with: the old one goes once the new one answers. When that fails, the new one goes.
 */
export async function replaceByLegacy(context: LaunchContext, options: ReplaceOptions): Promise<Launched> {
  const { runtime, log, name: server, replica, spec } = context;
  const { old, signal, start } = options;
  log.info("a server exited when it was asked for its era: trying the legacy one", { server });
  context.enter("creating");
  const record = await runtime.create(
    { server, instance: old.instance, replica, spec, era: "legacy", replaces: old.id },
    { signal },
  );
  context.onInstance(record);
  try {
    const launched = await start(context, { record, signal });
    await finishReplacement(context, record);
    return launched;
  } catch (error) {
    if (await cleanUp(context, () => runtime.remove(record.id, {}))) context.onInstance(old);
    throw error;
  }
}

/** The new one answers; what can't be cleared up now is the reaper's. */
async function finishReplacement(context: LaunchContext, record: InstanceRecord): Promise<void> {
  const { runtime } = context;
  await cleanUp(context, async () => {
    await removeReplaced(runtime, record);
    await runtime.takeName(record.id, {});
  });
}
