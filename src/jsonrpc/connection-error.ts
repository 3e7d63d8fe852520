import type { AbortSource } from "../base/async/abort-source.ts";
import type { ErrorReason } from "../base/errors/error-reason.ts";
import { type Delivery, type ErrorDetails, ManagerError } from "../base/errors/errors.ts";

/** Why no reply can come any more. */
export interface ConnectionEnd {
  readonly reason: ErrorReason;
  readonly message: string;
  /** Further details, which a connection hands on without reading them. */
  readonly details?: Omit<ErrorDetails, "reason" | "delivery">;
}

/** The error of a request whose signal aborted. */
export function abortReason(signal: AbortSource, delivery: Delivery): ManagerError {
  const reason: unknown = signal.reason;
  if (reason instanceof ManagerError) return reason.with({ delivery });
  return new ManagerError("cancelled", "the call was cancelled", {
    details: { reason: "CANCELLED", delivery },
    cause: reason,
  });
}

/** The error of a request that was pending when the connection ended. */
export function endError(end: ConnectionEnd, delivery: Delivery): ManagerError {
  const { reason, message, details } = end;
  const kind = delivery === "sent" ? "call_lost" : "unavailable";
  const outcome = delivery === "sent" ? "the call had been sent and its outcome is unknown" : "the call was not sent";
  return new ManagerError(kind, `${message}; ${outcome}`, { details: { ...details, reason, delivery } });
}

/** The error of a request whose reply can't be read. */
export function brokenReply(problem: string): ManagerError {
  return new ManagerError("protocol", `the server's reply is not valid JSON-RPC: ${problem}`, {
    details: { reason: "MALFORMED_REPLY", delivery: "answered" },
  });
}

/** The error of a request whose reply is longer than a line may be. */
export function resultTooLarge(bytes: number, maxBytes: number): ManagerError {
  return new ManagerError(
    "too_much",
    `the server's reply has ${bytes} bytes, more than the ${maxBytes} allowed in a line`,
    {
      details: { reason: "RESULT_TOO_LARGE", delivery: "answered" },
    },
  );
}

/** The error of a request for which the outbox has no room. */
export function outboxFull(): ManagerError {
  return new ManagerError(
    "too_much",
    "the server does not read its input, and too much already waits to be written to it",
    {
      details: { reason: "SERVER_NOT_READING", delivery: "not_sent", retryAfterMs: 1000 },
    },
  );
}

/** The error of a request that waited too long for the other side to read. */
export function notRead(forMs: number): ManagerError {
  return new ManagerError("unavailable", `the server has not read its input for ${forMs} ms; the call was not sent`, {
    details: { reason: "SERVER_NOT_READING", delivery: "not_sent", retryAfterMs: 1000 },
  });
}
