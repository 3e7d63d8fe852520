import type { SecretValues } from "../../base/spec/secret-values.ts";
import type { Era } from "../../base/spec/spec.ts";
import type { CreateRequest, InstanceRecord } from "../../runtime/runtime.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import { removeReplaced } from "../state/replacements.ts";
import { cleanUp } from "./clean-up.ts";
import type { LaunchContext, Launched } from "./launch-context.ts";

export interface ReplaceOptions {
  readonly old: InstanceRecord;
  readonly signal: AbortSignal;
  readonly start: (
    context: LaunchContext,
    options: { record: InstanceRecord; signal: AbortSignal },
  ) => Promise<Launched>;
}

/**
 * Some servers of the legacy era exit when they are asked which era they are of (Rust's rmcp before 3). The container
 * is replaced by one that is marked legacy, and so is never asked.
 */
export function replaceByLegacy(context: LaunchContext, options: ReplaceOptions): Promise<Launched> {
  const { services, server } = context.instance;
  services.log.info("a server exited when it was asked for its era: trying the legacy one", { server: server.name });
  return replace(context, { ...options, era: "legacy" });
}

/** An older manager made a container as it would not be made now, nor be started: another one takes its place. */
export function renew(context: LaunchContext, options: ReplaceOptions): Promise<Launched> {
  const { services, server } = context.instance;
  services.log.info("an older manager made a container in a way that is no longer allowed: replacing it", {
    server: server.name,
    container: options.old.id.slice(0, 12),
  });
  return replace(context, { ...options, era: options.old.era });
}

/**
 * Puts another container in the place of one that does not run. Killed at any instant, a manager leaves one of the two
 * that the next one goes on with: the old one goes once the new one replies. When that fails, the new one goes.
 */
async function replace(
  context: LaunchContext,
  { old, signal, start, era }: ReplaceOptions & { readonly era: Era | undefined },
): Promise<Launched> {
  const { services, spec } = context.instance;
  const { runtime } = services;
  context.enter("creating");
  // One that was to take another's place itself has nothing to keep: the next one is to take that place.
  const isCandidate = context.takesPlaceOf !== undefined;
  if (isCandidate) await runtime.remove(old.id, {});
  const replaces = context.takesPlaceOf ?? old.id;
  const secrets = await services.secrets.read(spec, { signal });
  const request = createRequest(context.instance, { instance: old.instance, era, replaces, secrets });
  const record = await runtime.create(request, { signal });
  context.onInstance(record);
  try {
    const launched = await start(context, { record, signal });
    if (!isCandidate) await finishReplacement(context.instance, record);
    return launched;
  } catch (error) {
    const left = isCandidate ? undefined : old;
    if (await cleanUp(context.instance, () => runtime.remove(record.id, {}))) context.onInstance(left);
    throw error;
  }
}

/** What the runtime is asked for to make an instance. */
export function createRequest(
  { server, replica, spec, origin }: InstanceContext,
  {
    instance,
    era,
    replaces,
    secrets,
  }: { instance: string; era: Era | undefined; replaces: string | undefined; secrets: SecretValues | undefined },
): CreateRequest {
  return {
    server: server.name,
    instance,
    replica,
    spec,
    secrets,
    ...(era === undefined ? {} : { era }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** The new one replies; what can't be cleared up now is the reaper's. */
async function finishReplacement(instance: InstanceContext, record: InstanceRecord): Promise<void> {
  const { runtime } = instance.services;
  await cleanUp(instance, async () => {
    await removeReplaced(runtime, record);
    await runtime.mark(record.id, "none", {});
  });
}
