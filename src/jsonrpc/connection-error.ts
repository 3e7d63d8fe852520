import type { AbortSource } from "../base/async/abort-source.ts";
import type { ErrorReason } from "../base/errors/error-reason.ts";
import { type Delivery, type ErrorDetails, ManagerError } from "../base/errors/errors.ts";

/** Why no reply can come any more. */
export interface ConnectionEnd {
  readonly reason: ErrorReason;
  readonly message: string;
  /** What else is known of it. A connection hands it on, and does not know what it means. */
  readonly details?: Omit<ErrorDetails, "reason" | "delivery">;
}

/** What a request throws that its signal ended. */
export function abortReason(signal: AbortSource, delivery: Delivery): ManagerError {
  const reason: unknown = signal.reason;
  if (reason instanceof ManagerError) return reason.with({ delivery });
  return new ManagerError("cancelled", "the call was cancelled", {
    details: { reason: "CANCELLED", delivery },
    cause: reason,
  });
}

/** What a request throws that the end of the connection retired. */
export function endError(end: ConnectionEnd, delivery: Delivery): ManagerError {
  const { reason, message, details } = end;
  const kind = delivery === "sent" ? "call_lost" : "unavailable";
  const outcome = delivery === "sent" ? "the call had been sent and its outcome is unknown" : "the call was not sent";
  return new ManagerError(kind, `${message}; ${outcome}`, { details: { ...details, reason, delivery } });
}

/** What a request throws whose reply can't be read. */
export function brokenReply(problem: string): ManagerError {
  return new ManagerError("protocol", `the server's reply is not valid JSON-RPC: ${problem}`, {
    details: { reason: "MALFORMED_REPLY", delivery: "answered" },
  });
}

/** What a request throws whose reply was too long to keep. */
export function resultTooLarge(bytes: number, maxBytes: number): ManagerError {
  return new ManagerError(
    "too_much",
    `the server's reply has ${bytes} bytes, more than the ${maxBytes} allowed in a line`,
    {
      details: { reason: "RESULT_TOO_LARGE", delivery: "answered" },
    },
  );
}

/** What a request throws that found the outbox full. */
export function outboxFull(): ManagerError {
  return new ManagerError(
    "too_much",
    "the server does not read its input, and too much already waits to be written to it",
    {
      details: { reason: "SERVER_NOT_READING", delivery: "not_sent", retryAfterMs: 1000 },
    },
  );
}

/** What a request throws that the other side did not read for too long. */
export function notRead(forMs: number): ManagerError {
  return new ManagerError("unavailable", `the server has not read its input for ${forMs} ms; the call was not sent`, {
    details: { reason: "SERVER_NOT_READING", delivery: "not_sent", retryAfterMs: 1000 },
  });
}
