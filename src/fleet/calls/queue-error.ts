import { ManagerError } from "../../base/errors/errors.ts";

const retryAfterMs = 1000;

/** What a call throws that finds no room in its server's queue. */
export function queueFull(server: string, limit: string): ManagerError {
  const message = `the queue of calls for server ${server} is full (${limit}); try again later`;
  return new ManagerError("too_much", message, {
    details: { reason: "QUEUE_FULL", server, delivery: "not_sent", retryAfterMs },
  });
}

/**
 * What a call throws whose signal ended its wait. A deadline that passes while a call waits is not the call's: it was
 * never sent, and repeating it is safe.
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
