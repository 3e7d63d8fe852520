import { type ErrorKind, ManagerError, toManagerError } from "../../base/errors/errors.ts";
import { specDefaults } from "../../base/spec/spec.ts";
import type { Conversation } from "../../mcp/conversation/handshake.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";
import { runEndError } from "../run/run-end.ts";

export interface ShakeOptions {
  readonly run: Run;
  readonly record: InstanceRecord;
  readonly signal: AbortSignal;
  /** Whether a manager before this one may have been in conversation with the same process. */
  readonly resuming: boolean;
}

/**
 * Opens the conversation with an instance that runs, in the era that it is known to speak or that turns out. Bounded by
 * the spec's `handshake_timeout`. When it fails, the run is let go of and the error says what it showed.
 */
export async function shakeHands(instance: InstanceContext, options: ShakeOptions): Promise<Conversation> {
  const { run, record, signal, resuming } = options;
  const { name } = instance.server;
  const { spec } = instance;
  const { eras } = instance.services;
  const program = { imageId: record.imageId, spec };
  const timeoutMs = spec.handshakeTimeoutMs ?? specDefaults.handshakeTimeoutMs;
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(handshakeTimeout(name, timeoutMs)), timeoutMs);
  try {
    const conversation = await run.session.handshake({
      era: record.era,
      likely: eras.of(program),
      resuming,
      signal: AbortSignal.any([signal, timer.signal]),
    });
    if (spec.era === undefined) eras.learn(program, conversation.codec.era);
    return conversation;
  } catch (error) {
    eras.forget(program);
    const failure = handshakeFailure(name, { run, error });
    run.release({ reason: "HANDSHAKE_FAILED", message: `server ${name} did not finish its handshake` });
    throw failure;
  } finally {
    clearTimeout(timeout);
  }
}

/** Whether the server exited when it was asked which era it is of, and perhaps for that. */
export function diedOfProbe({ end, session }: Run): boolean {
  return end?.kind === "exited" && session.isProbePending;
}

const refusals: ReadonlySet<ErrorKind> = new Set(["invalid", "unsupported", "server_error"]);

function handshakeFailure(name: string, { run, error }: { run: Run; error: unknown }): ManagerError {
  const stderrTail = run.stderrTail();
  if (run.end !== undefined) {
    return runEndError(name, { end: run.end, stderrTail, doing: " before it finished the MCP handshake" });
  }
  const refusal = toManagerError(error);
  // What the server refuses of the handshake is not what the caller of Start asked for.
  const kind = refusals.has(refusal.kind) ? "not_running" : refusal.kind;
  const tail = stderrTail === "" ? {} : { stderrTail };
  const details = { ...refusal.details, server: name, delivery: "not_sent", ...tail } as const;
  return new ManagerError(kind, refusal.message, { details, cause: refusal });
}

function handshakeTimeout(name: string, timeoutMs: number): ManagerError {
  const message = `server ${name} did not answer the MCP handshake within ${timeoutMs} ms; is it an MCP server on stdio? (handshake_timeout)`;
  return new ManagerError("not_running", message, { details: { reason: "HANDSHAKE_TIMEOUT", delivery: "not_sent" } });
}
