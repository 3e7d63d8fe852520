import { ManagerError } from "../../base/errors/errors.ts";
import type { Log } from "../../base/log/log.ts";
import type { Runtime } from "../../runtime/runtime.ts";

/**
 * Leaves a mark in the engine by which the next manager would finish what this one begins. An engine that can't note it
 * down, for its disk is full, can still do the work: without a mark, then.
 */
export async function leaveMark(
  mark: "stopping" | "restarting" | "replaced",
  options: {
    readonly runtime: Pick<Runtime, "mark">;
    readonly log: Log;
    readonly server: string;
    /** The engine's id of the instance. */
    readonly id: string;
  },
): Promise<void> {
  const { runtime, log, server, id } = options;
  try {
    await runtime.mark(id, mark, {});
  } catch (error) {
    if (!(error instanceof ManagerError) || error.details.reason !== "ENGINE_ERROR") throw error;
    log.warn(
      `the engine could not note that a server is ${mark}: a manager that starts meanwhile would not finish that`,
      {
        server,
        error: error.message,
      },
    );
  }
}
