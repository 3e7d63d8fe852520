import { ManagerError } from "../errors.ts";
import type { Log } from "../log.ts";

/**
 * Leaves a mark in the engine by which the next manager would finish what this one begins. An engine that can't note it
 * down, for its disk is full, can still do the work: without a mark, then.
 */
export async function leaveMark(
  mark: () => Promise<void>,
  { log, server, doing }: { readonly log: Log; readonly server: string; readonly doing: "stopping" | "restarting" },
): Promise<void> {
  try {
    await mark();
  } catch (error) {
    if (!(error instanceof ManagerError) || error.details.reason !== "ENGINE_ERROR") throw error;
    log.warn(`${doing} a server without a mark that says so`, { server, error: error.message });
  }
}
