import { ManagerError } from "../errors.ts";
import type { InstanceRecord } from "../runtime/runtime.ts";
import { runEndError } from "./run-end.ts";

/** Why a server failed, and when. */
export interface ServerFailure {
  readonly error: ManagerError;
  readonly timeMs: number;
}

/** Why a server that failed or is being stopped takes no calls. */
export function notRunning(name: string, failure: ServerFailure | undefined): ManagerError {
  if (failure === undefined) {
    return new ManagerError("not_running", `server ${name} is being stopped`, {
      details: { reason: "SERVER_STOPPING", server: name, delivery: "not_sent" },
    });
  }
  const message = `server ${name} failed: ${failure.error.message}. Start it again, or see its last_error`;
  return new ManagerError("not_running", message, {
    details: { ...failure.error.details, reason: "SERVER_FAILED", server: name, delivery: "not_sent" },
  });
}

/** What those who wait for a start are told when a Stop comes in between. */
export function startCancelled(name: string): ManagerError {
  return new ManagerError("interrupted", `the start of server ${name} was cancelled by a Stop`, {
    details: { reason: "START_CANCELLED", server: name, delivery: "not_sent" },
  });
}

/** Why a server whose container was found not running at boot failed. */
export function notRunningAtBoot(name: string, record: InstanceRecord): ManagerError {
  if (record.state === "paused") {
    return new ManagerError(
      "not_running",
      `the container of server ${name} is paused: unpause it, then Start the server`,
      {
        details: { reason: "CONTAINER_PAUSED", server: name, delivery: "not_sent" },
      },
    );
  }
  const end = { kind: "exited", exit: record.exit ?? { oomKilled: false } } as const;
  return runEndError(name, { end, stderrTail: "", doing: " while the manager did not see it" });
}
