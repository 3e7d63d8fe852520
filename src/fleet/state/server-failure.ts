import { type ErrorDetails, type ErrorKind, ManagerError } from "../../base/errors/errors.ts";
import { inWords, type StateKind } from "./state-kind.ts";

/** Why a server failed, and when. */
export interface ServerFailure {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly timeMs: number;
}

/**
 * What to keep of an error. The error itself would keep more: V8 holds the frames of its stack, and with them the whole
 * session that it came from, until somebody reads the stack.
 */
export function failureOf({ kind, message, details }: ManagerError, timeMs: number): ServerFailure {
  return { kind, message, details, timeMs };
}

/** What of a server's failure goes with the error of what it kept from being done. Its own reason comes instead of `reason`. */
export function failureDetails(failure: ServerFailure | undefined): Partial<ErrorDetails> {
  return failure === undefined ? {} : { ...failure.details, failureReason: failure.details.reason };
}

/** Why a server that failed or is being stopped takes no calls. */
export function notRunning(name: string, failure: ServerFailure | undefined): ManagerError {
  if (failure === undefined) {
    return new ManagerError("not_running", `server ${name} is being stopped`, {
      details: { reason: "SERVER_STOPPING", server: name, delivery: "not_sent" },
    });
  }
  const message = `server ${name} has failed; Start it again, or see its last_error: ${failure.message}`;
  const engineDown = failure.details.reason === "ENGINE_UNAVAILABLE";
  return new ManagerError(engineDown ? "unavailable" : "not_running", message, {
    details: {
      ...failureDetails(failure),
      reason: engineDown ? "ENGINE_UNAVAILABLE" : "SERVER_FAILED",
      server: name,
      delivery: "not_sent",
    },
  });
}

/** Why a server takes no calls that was never started, or was stopped by somebody, and stays declared. */
export function notStarted(name: string): ManagerError {
  return new ManagerError("not_running", `server ${name} is stopped: Start it, and call again`, {
    details: { reason: "SERVER_STOPPED", server: name, delivery: "not_sent" },
  });
}

/** What those who wait for a start are told when a Stop comes in between. */
export function startCancelled(name: string): ManagerError {
  return new ManagerError("interrupted", `the start of server ${name} was cancelled by a Stop`, {
    details: { reason: "START_CANCELLED", server: name, delivery: "not_sent" },
  });
}

/** What one gets whose deadline passes while a server comes up, which goes on: what it is doing. Other reasons stay. */
export function notYetUp({ name, state }: { name: string; state: StateKind }, reason: unknown): unknown {
  if (!(reason instanceof ManagerError) || reason.kind !== "deadline") return reason;
  const message = `${reason.message} before server ${name} was ready: it is ${inWords(state)}, and that goes on; see Get and Logs`;
  return new ManagerError(reason.kind, message, { details: { ...reason.details, server: name }, cause: reason });
}

/** Why a server stays down that its restart policy would start again. */
export function gaveUp(error: ManagerError, restarts: number): ManagerError {
  return new ManagerError(error.kind, `${error.message}; gave up after ${restarts} restarts in a row`, {
    details: error.details,
    cause: error,
  });
}

/** Why a call was lost to a change of its server. */
export function replaced(name: string) {
  return { reason: "SERVER_RESTARTED", message: `server ${name} was replaced by one with another spec` } as const;
}

/** Why a call was lost to a Restart. */
export function restarted(name: string) {
  return { reason: "SERVER_RESTARTED", message: `server ${name} was restarted` } as const;
}
