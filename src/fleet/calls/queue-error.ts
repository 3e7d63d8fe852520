import { ManagerError } from "../../base/errors/errors.ts";

const retryAfterMs = 1000;

/** The error of a call for which its server's queue has no room. */
export function queueFull(server: string, limit: string): ManagerError {
  const message = `the queue of calls for server ${server} is full (${limit}); try again later`;
  return new ManagerError("too_much", message, {
    details: { reason: "QUEUE_FULL", server, delivery: "not_sent", retryAfterMs },
  });
}

/**
 * The error of a call whose signal aborted while it waited. A deadline that passes then does not make it
 * DEADLINE_EXCEEDED: the call was never sent, and repeating it is safe.
 */
export function waitEnded(server: string, { reason, isReady }: { reason: unknown; isReady: boolean }): ManagerError {
  if (reason instanceof ManagerError && reason.kind !== "deadline")
    return reason.with({ server, delivery: "not_sent" });
  const message = isReady
    ? `server ${server} had as many calls in flight as its call_limits allow until the call's deadline`
    : `server ${server} was not ready before the call's deadline`;
  return new ManagerError("unavailable", message, {
    details: { reason: isReady ? "SERVER_BUSY" : "SERVER_NOT_READY", server, delivery: "not_sent", retryAfterMs },
  });
}
