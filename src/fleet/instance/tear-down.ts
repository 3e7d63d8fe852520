import { within } from "../../base/async/within.ts";
import type { Log } from "../../base/log/log.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Release, Run } from "../run/run.ts";
import { type Replacement, removeReplaced } from "../state/replacements.ts";
import { leaveMark } from "./leave-mark.ts";
import type { StopClock } from "./stop-clock.ts";

export interface TearDownOptions {
  readonly runtime: Runtime;
  readonly log: Log;
  readonly server: string;
  /** The engine's id of the instance. Undefined: there is none. */
  readonly id: string | undefined;
  /** Its record, which says whose place it took: that one may still be there. */
  readonly record?: Replacement | undefined;
  /** Its session, if it has one. */
  readonly run: Run | undefined;
  /** Resolves when no call is under way. */
  readonly idle: () => Promise<void>;
  readonly clock: StopClock;
}

/**
 * Marks, drains, ends and removes an instance. A manager that dies in between leaves the mark, by which the next one
 * finishes. Throws when the engine does not answer; the mark stays then, too.
 */
export async function tearDown(options: TearDownOptions): Promise<void> {
  const { runtime, server, id, record, run } = options;
  const why = { reason: "SERVER_STOPPED", message: `server ${server} was stopped` } as const;
  try {
    if (id !== undefined) await leaveMark("stopping", { ...options, id });
    await endProcess({ ...options, why });
  } finally {
    run?.release(why);
  }
  // First what it replaced: found alone, that would be taken for a server.
  if (record !== undefined) await removeReplaced(runtime, record);
  if (id !== undefined) await runtime.remove(id, {});
}

/**
 * Drains and ends the process of an instance, which stays; calls that are not finished in time fail with `why`.
 * `onDrained` is called in between.
 */
export async function endProcess(
  options: Omit<TearDownOptions, "log" | "server"> & {
    readonly why: Release;
    readonly onDrained?: () => Promise<void>;
  },
): Promise<void> {
  const { id, run, idle, clock, why, onDrained } = options;
  try {
    await drain(idle, clock);
    await onDrained?.();
    const expect = () => run?.expectEnd(why, { killedWithinMs: clock.remainingMs });
    expect();
    if (id !== undefined) await end({ ...options, onShortened: expect }, id);
  } finally {
    run?.release(why);
  }
}

/** Calls in flight get most of the grace period; the server's own shutdown keeps up to two seconds of it. */
async function drain(idle: () => Promise<void>, clock: StopClock): Promise<void> {
  const hurry = Promise.withResolvers<void>();
  clock.shortened.addEventListener("abort", () => hurry.resolve(), { once: true });
  const { remainingMs } = clock;
  await within(Math.max(remainingMs / 2, remainingMs - 2000), Promise.race([idle(), hurry.promise]));
}

/**
 * The stop signal, then SIGKILL at the end of the grace period, which may come nearer meanwhile. Throws the reason of
 * `signal` when that aborts.
 */
export async function end(
  {
    runtime,
    clock,
    signal,
    onShortened,
  }: Pick<TearDownOptions, "runtime" | "clock"> & {
    readonly signal?: AbortSignal;
    readonly onShortened?: () => void;
  },
  id: string,
): Promise<void> {
  for (;;) {
    const { shortened } = clock;
    const until = signal === undefined ? shortened : AbortSignal.any([signal, shortened]);
    try {
      await runtime.stop(id, { graceMs: clock.remainingMs, signal: until });
      return;
    } catch (error) {
      if (!shortened.aborted) throw error;
      onShortened?.();
    }
  }
}
