import type { ErrorReason } from "./error-reason.ts";

/** What went wrong, in the manager's own terms. `rpc/errors/error-code.ts` maps each kind to one gRPC code. */
export type ErrorKind =
  | "invalid"
  | "not_found"
  | "conflict"
  | "denied"
  | "unauthenticated"
  | "not_running"
  | "too_much"
  | "unavailable"
  | "call_lost"
  | "interrupted"
  | "unsupported"
  | "protocol"
  | "server_error"
  | "deadline"
  | "cancelled"
  | "internal";

/** Whether a request reached the MCP server: never, perhaps (outcome unknown), or it answered with an error. */
export type Delivery = "not_sent" | "sent" | "answered";

/** One field of a request that breaks a rule. */
export interface FieldViolation {
  /** Path in the proto's spelling, e.g. `spec.mounts[0].target`. */
  readonly field: string;
  /** The rule, as a sentence for the caller. */
  readonly description: string;
}

/**
 * What a server wrote, as far as an error has room for it: the end of each stream, and the beginning where the end does
 * not have it. stdout is what of it was no message of the protocol.
 */
export interface OutputExcerpt {
  /** At most 1 KiB. */
  readonly stderrHead?: string;
  /** At most 2 KiB. */
  readonly stderrTail?: string;
  /** At most 512 bytes. */
  readonly stdoutHead?: string;
  /** At most 1 KiB. */
  readonly stdoutTail?: string;
}

/** What a program can read of an error, besides its kind and message. */
export interface ErrorDetails extends OutputExcerpt {
  readonly reason: ErrorReason;
  /** `not_sent` says that repeating the request is safe; code that can't know says `sent`. */
  readonly delivery: Delivery;
  readonly server?: string;
  /** Identity of the instance that the call was given to. */
  readonly instance?: string;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Why the server that a call waited for, or that takes none, last went down. */
  readonly failureReason?: ErrorReason;
  readonly violations?: readonly FieldViolation[];
  /** When repeating the call makes sense. Only with `not_sent`. */
  readonly retryAfterMs?: number;
  /** The JSON-RPC error code and data that the server answered. */
  readonly rpcCode?: number;
  readonly rpcData?: string;
}

/** The one error class. Modules throw kinds; only `rpc` knows codes. */
export class ManagerError extends Error {
  override readonly name = "ManagerError";
  readonly kind: ErrorKind;
  readonly details: ErrorDetails;

  constructor(kind: ErrorKind, message: string, options: { details: ErrorDetails; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.details = options.details;
  }

  /**
   * The same error with some details replaced. Its stack is the first one's: an error passes several places that know
   * more about it, and a stack of each would say less and cost more.
   */
  with(details: Partial<ErrorDetails>): ManagerError {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    let copy: ManagerError;
    try {
      const all = { ...this.details, ...details };
      copy = new ManagerError(this.kind, this.message, { details: all, cause: this.cause });
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    // Asked for when somebody reads it: V8 makes its text then, which takes longer than all else.
    return Object.defineProperty(copy, "stack", { get: () => this.stack, configurable: true });
  }
}

/** A request that breaks a rule, and so was not sent; the message names the first field. */
export function invalidRequest(violations: readonly FieldViolation[]): ManagerError {
  const first = violations[0];
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  const message = first === undefined ? "invalid request" : `${first.field}: ${first.description}${more}`;
  return new ManagerError("invalid", message, {
    details: { reason: "INVALID_REQUEST", delivery: "not_sent", violations },
  });
}

/** Anything thrown, as a ManagerError; what is not one already is a bug and becomes `internal`. */
export function toManagerError(error: unknown): ManagerError {
  if (error instanceof ManagerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ManagerError("internal", `unexpected error in the manager: ${message}`, {
    details: { reason: "INTERNAL", delivery: "sent" },
    cause: error,
  });
}
