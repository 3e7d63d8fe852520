import { specDefaults } from "../../base/spec/spec.ts";
import type { Conversation } from "../../mcp/conversation/handshake.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { handshakeFailure, handshakeTimeout } from "../run/handshake-failure.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";

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
