import { type ErrorDetails, ManagerError } from "../../base/errors/errors.ts";
import { failureDetails, type ServerFailure } from "../state/server-failure.ts";
import { inWords, type StateKind } from "../state/state-kind.ts";

/** What a server does that is waited for. */
export interface Doing {
  readonly state: StateKind;
  /** Why it went down, if it has not come up since. */
  readonly failure: ServerFailure | undefined;
}

const retryAfterMs = 1000;

/** The error of a call for which its server's queue has no room. The server may be down, for the reason in `failure`. */
export function queueFull(server: string, limit: string, { failure }: Doing): ManagerError {
  const why = failure === undefined ? "" : `, while it is down: ${failure.message}`;
  const message = `the queue of calls for server ${server} is full (${limit})${why}; try again later`;
  return new ManagerError("too_much", message, { details: waited("QUEUE_FULL", { server, failure }) });
}

/**
 * The error of a call whose signal aborted while it waited. A deadline that passes then does not make it
 * DEADLINE_EXCEEDED: the call was never sent, and repeating it is safe. `doing`: the server's state, and why it is down.
 */
export function waitEnded(
  server: string,
  { reason, isReady, doing }: { reason: unknown; isReady: boolean; doing: Doing },
): ManagerError {
  if (reason instanceof ManagerError && reason.kind !== "deadline")
    return reason.with({ server, delivery: "not_sent" });
  if (isReady) {
    const message = `server ${server} had as many calls in flight as its call_limits allow until the call's deadline`;
    return new ManagerError("unavailable", message, { details: waited("SERVER_BUSY", { server }) });
  }
  const { state, failure } = doing;
  const why = failure === undefined ? "; see Get and Logs" : `: ${failure.message}`;
  const message = `server ${server} was not ready before the call's deadline; it is ${inWords(state)}${why}`;
  return new ManagerError("unavailable", message, { details: waited("SERVER_NOT_READY", { server, failure }) });
}

function waited(
  reason: "QUEUE_FULL" | "SERVER_BUSY" | "SERVER_NOT_READY",
  { server, failure }: { server: string; failure?: ServerFailure | undefined },
): ErrorDetails {
  return { ...failureDetails(failure), reason, server, delivery: "not_sent", retryAfterMs };
}
