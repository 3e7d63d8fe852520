import { toManagerError } from "../../base/errors/errors.ts";
import type { Era } from "../../base/spec/spec.ts";
import type { Conversation, Opened } from "../../mcp/conversation/handshake.ts";
import type { InstanceRecord, RuntimeCallOptions } from "../../runtime/runtime.ts";
import { diedOf } from "../run/died-of.ts";
import { putSecretFiles } from "../run/put-secret-files.ts";
import { Run } from "../run/run.ts";
import { startCancelled } from "../state/server-failure.ts";
import { cleanUp } from "./clean-up.ts";
import type { LaunchContext, Launched } from "./launch-context.ts";
import { planFor } from "./record-plan.ts";
import { renew, replaceByLegacy } from "./replace.ts";
import { shakeHands } from "./shake-hands.ts";

/** How long a process may take to end that has only just started. */
const slowGraceMs = 2_000;

interface SignalOption {
  readonly signal: AbortSignal;
}

/** Brings a server up, whatever there is of it: goes on with an instance that runs, or starts one, or makes one. */
export async function bringUp(
  context: LaunchContext,
  options: SignalOption & { known: InstanceRecord | undefined },
): Promise<Launched> {
  const { services, server } = context.instance;
  const { known, signal } = options;
  const plan = planFor(server.name, known === undefined ? undefined : await lookAt(context, { id: known.id, signal }));
  switch (plan.kind) {
    case "paused":
    case "unusable":
      throw plan.error;
    case "take_over":
      return takeOver(context, { record: plan.record, conversation: undefined, signal });
    case "exited":
      return relaunch(context, { record: plan.record, signal });
    case "finish_removal":
      await services.runtime.remove(plan.record.id, {});
      break;
    case "gone":
      // It was removed behind the manager's back: the one that is made now takes its place.
      if (known !== undefined) context.onRestart();
      break;
    default:
      plan satisfies never;
  }
  context.onInstance(undefined);
  return launchNew(context, { signal });
}

/** Creates an instance, starts it and shakes hands. When that fails the instance is removed again. */
async function launchNew(context: LaunchContext, { signal }: SignalOption): Promise<Launched> {
  const { services, server, spec, replica } = context.instance;
  const { runtime } = services;
  // Before anything is pulled or made for a server that can't start.
  const secrets = await services.secrets.read(spec, { signal });
  const pulls = spec.pullPolicy === "always" || !(await runtime.hasImage(spec, { signal }));
  if (pulls) context.enter("pulling");
  const imageId = await runtime.prepare(spec, { signal, onProgress: server.onPull });
  context.enter("creating");
  // Marked so, for it may not survive the question, which a manager that adopts it would ask.
  const { diesOfProbe } = await services.programs.of({ imageId, spec });
  const era = spec.era ?? (diesOfProbe ? "legacy" : undefined);
  const request = { server: server.name, instance: services.newId(), replica, spec, secrets };
  const record = await runtime.create({ ...request, ...(era === undefined ? {} : { era }) }, { signal });
  context.onInstance(record);
  try {
    return await startAndShake(context, { record, signal });
  } catch (error) {
    // An instance that can't be removed now is not forgotten: a Stop, a Start or the next resync finishes.
    if (await cleanUp(context.instance, () => runtime.remove(record.id, {}))) context.onInstance(undefined);
    throw error;
  }
}

/** Starts an existing instance again. When that fails it is left exited. */
async function relaunch(context: LaunchContext, options: SignalOption & { record: InstanceRecord }): Promise<Launched> {
  const { services, spec } = context.instance;
  const { record } = options;
  context.enter("creating");
  context.onRestart();
  if (record.usability.kind === "outdated") return renew(context, { ...options, old: record, start: startAndShake });
  const asksEra = record.era === undefined && spec.era === undefined;
  if (asksEra && (await services.programs.of({ imageId: record.imageId, spec })).diesOfProbe) {
    return replaceByLegacy(context, { ...options, old: record, start: startAndShake });
  }
  await putSecretFiles(services, { spec, id: record.id, signal: options.signal });
  try {
    return await startAndShake(context, options);
  } catch (error) {
    await kill(context, { record });
    throw error;
  }
}

/**
 * Takes over a running instance: attaches, ends half a line that may stand in its stdin, and shakes hands unless the
 * same process is known to be in this conversation. The instance is not touched when that fails, unless it does not
 * answer and its spec says to kill one that does not.
 */
export async function takeOver(
  context: LaunchContext,
  options: SignalOption & {
    record: InstanceRecord;
    conversation: Conversation | undefined;
    onAttached?: () => void;
  },
): Promise<Launched> {
  context.enter("handshaking");
  const { instance } = context;
  const { name } = instance.server;
  const { signal, conversation } = options;
  const run = await Run.attach(instance, options);
  options.onAttached?.();
  try {
    // Attaching to an exited instance opens without ending, and its exit event may have come before the run listened.
    const plan = planFor(name, await lookAt(context, { id: options.record.id, signal }));
    if (plan.kind !== "take_over") throw "error" in plan ? plan.error : startCancelled(name);
    const { record } = plan;
    run.session.endHalfLine();
    if (conversation !== undefined && record.startTimeMs === options.record.startTimeMs) {
      run.session.resume(conversation);
      return { run, record, conversation };
    }
    return { run, record, conversation: await shakeHands(instance, { run, record, signal, resuming: true }) };
  } catch (error) {
    run.release({ reason: "ATTACH_FAILED", message: `server ${name} could not be taken over` });
    const isSilent = toManagerError(error).details.reason === "HANDSHAKE_TIMEOUT";
    if (isSilent && instance.spec.health?.killUnhealthy) await kill(context, options);
    throw error;
  }
}

async function startAndShake(
  context: LaunchContext,
  options: SignalOption & { record: InstanceRecord; said?: Era },
): Promise<Launched> {
  const { instance } = context;
  const { signal, said } = options;
  const { id, imageId } = options.record;
  const run = await Run.start(instance, options);
  try {
    // Nobody waits for this: the process has yet to come up.
    const record = (await lookAt(context, { id, signal })) ?? options.record;
    context.enter("handshaking");
    const conversation = await shakeHands(instance, { run, record, signal, resuming: false, said });
    if (!isLatched(conversation)) return { run, record, conversation };
  } catch (error) {
    release(run, instance);
    const known = await instance.services.programs.of({ imageId, spec: instance.spec });
    if (known.hint?.answersProbe || !diedOf("probe", run)) throw error;
    const launched = await replaceByLegacy(context, { old: options.record, signal, start: startAndShake });
    known.diedOfProbe();
    return launched;
  }
  return startAsModern(context, { ...options, run });
}

/**
 * It speaks both eras, and is of the legacy one for as long as it runs: it was slow, and so was asked to initialize.
 */
function isLatched({ codec, probe }: Opened): boolean {
  return codec.era === "legacy" && probe === "modern";
}

/** The same program is of the same era, however slow it was to start: once more, and now it is known. */
async function startAsModern(
  context: LaunchContext,
  { run, record, signal }: SignalOption & { record: InstanceRecord; run: Run },
): Promise<Launched> {
  const { services, server } = context.instance;
  services.log.info(
    "a server was so slow to start that it took the older handshake: starting it again in the modern era",
    {
      server: server.name,
    },
  );
  release(run, context.instance);
  await services.runtime.stop(record.id, { graceMs: slowGraceMs, signal });
  return startAndShake(context, { record, signal, said: "modern" });
}

function release(run: Run, { server }: LaunchContext["instance"]): void {
  run.release({ reason: "START_FAILED", message: `server ${server.name} could not be started` });
}

/** Ends the process of an instance, which stays, as exited. */
async function kill(
  context: LaunchContext,
  { record: { id }, signal }: RuntimeCallOptions & { record: InstanceRecord },
): Promise<void> {
  await cleanUp(context.instance, async () => {
    await context.instance.services.runtime.stop(id, { graceMs: 0, signal });
    await lookAt(context, { id, signal });
  });
}

/** What the engine has of an instance now; that is what is shown of it from here on. */
async function lookAt(
  { instance, onInstance }: LaunchContext,
  { id, signal }: RuntimeCallOptions & { id: string },
): Promise<InstanceRecord | undefined> {
  const record = await instance.services.runtime.inspect(id, { signal });
  if (record !== undefined) onInstance(record);
  return record;
}
