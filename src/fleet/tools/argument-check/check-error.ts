import { type FieldViolation, invalidRequest, ManagerError, toManagerError } from "../../../base/errors/errors.ts";

/** The error of a call whose arguments break the tool's input schema. */
export function argumentsRejected(violations: readonly FieldViolation[]): ManagerError {
  return invalidRequest(violations).with({ reason: "ARGUMENTS_REJECTED" });
}

/** The error of a call whose tool has an input schema that can't be used. */
export function schemaUnsupported(tool: string, problem: string): ManagerError {
  const message = `the input schema of tool ${JSON.stringify(tool)} can't be used: ${problem}; call without validate_arguments`;
  return new ManagerError("not_running", message, { details: { reason: "SCHEMA_UNSUPPORTED", delivery: "not_sent" } });
}

/** The error of a call whose check took too long. */
export function schemaTooSlow(limitMs: number): ManagerError {
  const message = `checking the arguments against the tool's input schema took more than ${limitMs} ms of processor time; call without validate_arguments`;
  return new ManagerError("too_much", message, { details: { reason: "SCHEMA_TOO_SLOW", delivery: "not_sent" } });
}

/** The error of a call whose check took too much memory. */
export function schemaTooLarge(limitMb: number): ManagerError {
  const message = `checking the arguments against the tool's input schema took more than ${limitMb} MiB of memory; call without validate_arguments`;
  return new ManagerError("too_much", message, { details: { reason: "SCHEMA_TOO_LARGE", delivery: "not_sent" } });
}

/** The error of a call that finds too many checks waiting. */
export function checksFull(whose: string): ManagerError {
  const message = `too many calls ${whose} wait for their arguments to be checked; try again later`;
  return new ManagerError("too_much", message, {
    details: { reason: "QUEUE_FULL", delivery: "not_sent", retryAfterMs: 1000 },
  });
}

/** The error of a call whose tool is not in the server's listing. */
export function toolNotListed(tool: string): ManagerError {
  const message = `the server has no tool ${JSON.stringify(tool)}; ListTools shows those it has`;
  return new ManagerError("not_found", message, { details: { reason: "TOOL_NOT_FOUND", delivery: "not_sent" } });
}

/**
 * The error of a call whose server did not list its tools. Whatever the listing's delivery, the tool was not called.
 */
export function listingFailed(error: unknown): ManagerError {
  const { kind, message, details } = toManagerError(error);
  const words = `the tool was not called, since its input schema could not be read: ${message}`;
  return new ManagerError(kind === "call_lost" ? "unavailable" : kind, words, {
    details: { ...details, delivery: "not_sent" },
    cause: error,
  });
}
