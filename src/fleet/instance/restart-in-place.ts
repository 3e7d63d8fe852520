import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { Run } from "../run/run.ts";
import { restarted } from "../state/server-failure.ts";
import { cleanUp } from "./clean-up.ts";
import { bringUp } from "./launch.ts";
import type { LaunchContext, Launched } from "./launch-context.ts";
import { leaveMark } from "./leave-mark.ts";
import { StopClock } from "./stop-clock.ts";
import { end, endProcess } from "./tear-down.ts";

/** How long a process may take to end when an earlier manager began its restart. */
const restartGraceMs = 10_000;

interface RestartOptions {
  readonly record: InstanceRecord;
  readonly signal: AbortSignal;
}

/**
 * Drains and ends the process of an instance, and starts it again in the same container. From the end on the instance
 * is marked: a manager that boots finishes the restart.
 */
export async function restartInPlace(
  context: LaunchContext,
  options: RestartOptions & { readonly run: Run; readonly idle: () => Promise<void>; readonly clock: StopClock },
): Promise<Launched> {
  const { runtime, log } = context.instance.services;
  const { name } = context.instance.server;
  const { signal } = options;
  const { id } = options.record;
  await endProcess({
    ...options,
    runtime,
    id,
    why: restarted(name),
    onDrained: () => leaveMark("restarting", { runtime, log, server: name, id }),
  });
  signal.throwIfAborted();
  return startAgain(context, options);
}

/** What a manager that died in the middle of a Restart left to this one, whatever the restart policy. */
export async function finishRestart(
  context: LaunchContext,
  options: RestartOptions & { readonly onEnded: () => void },
): Promise<Launched> {
  const { record, onEnded } = options;
  const { runtime, clocks } = context.instance.services;
  // It may have been told to end already, and do so at any time.
  const clock = new StopClock({ graceMs: restartGraceMs, elapsedMs: clocks.elapsedMs });
  await end({ runtime, clock }, record.id);
  onEnded();
  return startAgain(context, options);
}

/** Unless it is given up in between, the restart is over then, however it ended. */
async function startAgain(context: LaunchContext, { record, signal }: RestartOptions): Promise<Launched> {
  const { instance } = context;
  try {
    return await bringUp(context, { known: record, signal });
  } finally {
    if (!signal.aborted) await cleanUp(instance, () => instance.services.runtime.mark(record.id, "none", {}));
  }
}
