import type { Log } from "../log.ts";
import type { InstanceRecord, Runtime } from "../runtime/runtime.ts";
import type { Run } from "./run.ts";

/** How long a server that nobody calls may take for its own shutdown. */
export const idleGraceMs = 10_000;

/** Ends the process of a server that nobody calls; its container stays. Gives the record afterwards, if there is one. */
export async function stopIdle(
  run: Run,
  options: {
    readonly runtime: Runtime;
    readonly log: Log;
    readonly name: string;
    readonly id: string;
    readonly graceMs: number;
  },
): Promise<InstanceRecord | undefined> {
  const { runtime, log, name, id, graceMs } = options;
  const why = { reason: "SERVER_STOPPED", message: `server ${name} was stopped because nobody called it` } as const;
  run.expectEnd(why);
  try {
    await runtime.stop(id, { graceMs });
    return await runtime.inspect(id, {});
  } catch (error) {
    log.warn("could not stop an idle server", { server: name, error: String(error) });
    return undefined;
  } finally {
    run.release(why);
  }
}
