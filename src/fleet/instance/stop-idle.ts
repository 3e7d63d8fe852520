import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";
import type { StopClock } from "./stop-clock.ts";
import { end } from "./tear-down.ts";

/** How long a server that nobody calls may take for its own shutdown. */
export const idleGraceMs = 10_000;

/**
 * Ends the process of a server that nobody calls; its container stays. Gives the record afterwards, if there is one.
 * When the signal aborts it is not waited for any more: it ends later, or not.
 */
export async function stopIdle(
  run: Run,
  options: {
    readonly instance: InstanceContext;
    readonly id: string;
    readonly clock: StopClock;
    readonly signal: AbortSignal;
  },
): Promise<InstanceRecord | undefined> {
  const { instance, id, clock, signal } = options;
  const { runtime, log } = instance.services;
  const { name } = instance.server;
  const why = { reason: "SERVER_STOPPED", message: `server ${name} was stopped because nobody called it` } as const;
  run.expectEnd(why);
  try {
    await end({ runtime, clock, signal }, id);
    return await runtime.inspect(id, { signal });
  } catch (error) {
    if (!signal.aborted) log.warn("could not stop an idle server", { server: name, error: String(error) });
    return undefined;
  } finally {
    run.release(why);
  }
}
