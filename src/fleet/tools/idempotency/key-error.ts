import { invalidRequest, ManagerError } from "../../../base/errors/errors.ts";

/** The error of a call whose key was used for another input. */
export function keyReused(): ManagerError {
  const description = "was used for a call of this tool with another input: take a new key";
  return invalidRequest([{ field: "idempotency_key", description }]).with({
    reason: "IDEMPOTENCY_KEY_REUSED",
    delivery: "not_sent",
  });
}

/** The error of a call whose result was dropped to make room. The call can't be sent again under this key. */
export function resultEvicted(delivery: "sent" | "answered"): ManagerError {
  const message =
    "the call was already made under this idempotency_key, and its result is no longer kept: it is not made again";
  return new ManagerError("not_running", message, { details: { reason: "IDEMPOTENCY_RESULT_EVICTED", delivery } });
}

/**
 * The error of a call whose key can't be remembered. Forgetting another key instead could make that call happen twice.
 */
export function tooManyKeys({ maxKeys, retryAfterMs }: { maxKeys: number; retryAfterMs: number }): ManagerError {
  const message = `the manager remembers ${maxKeys} idempotency keys already; try again later, or call without one`;
  return new ManagerError("too_much", message, {
    details: { reason: "IDEMPOTENCY_KEYS_FULL", delivery: "not_sent", retryAfterMs },
  });
}

/** What is remembered of a call that was given up after it was sent. */
export function callAbandoned(): ManagerError {
  const message =
    "the last caller left after the call was sent: whether the tool ran is unknown, and it is not called again under this idempotency_key";
  return new ManagerError("call_lost", message, { details: { reason: "CALL_ABANDONED", delivery: "sent" } });
}
