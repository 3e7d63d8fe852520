import { toManagerError } from "../../base/errors/errors.ts";
import type { Era } from "../../base/spec/spec.ts";
import { specDefaults } from "../../base/spec/spec.ts";
import type { Opened } from "../../mcp/conversation/handshake.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { KnownProgram } from "../programs/known-program.ts";
import { diedOf } from "../run/died-of.ts";
import { handshakeFailure, handshakeTimeout } from "../run/handshake-failure.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { Run } from "../run/run.ts";

export interface ShakeOptions {
  readonly run: Run;
  readonly record: InstanceRecord;
  readonly signal: AbortSignal;
  /** Whether a manager before this one may have been in conversation with the same process. */
  readonly resuming: boolean;
  /** The server said in this very start that it is of this era. */
  readonly said?: Era | undefined;
}

/**
 * Opens the conversation with an instance that runs, in the era that it is known to speak or that turns out. Bounded by
 * the spec's `handshake_timeout`. When it fails, the run is let go of and the error says what it showed.
 */
export async function shakeHands(instance: InstanceContext, options: ShakeOptions): Promise<Opened> {
  const { run, record, signal, resuming } = options;
  const { name } = instance.server;
  const { spec } = instance;
  const known = await instance.services.programs.of({ imageId: record.imageId, spec });
  const timeoutMs = spec.handshakeTimeoutMs ?? specDefaults.handshakeTimeoutMs;
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(handshakeTimeout(name, timeoutMs)), timeoutMs);
  try {
    const opened = await run.session.handshake({
      ...wayIn(known, { ...options, spec }),
      resuming,
      timeoutMs,
      onLateModern: () => known.saidModern(),
      signal: AbortSignal.any([signal, timer.signal]),
    });
    known.opened(opened, { record, resuming, isPinned: spec.era !== undefined });
    noteComplaint(instance, { run, record, opened });
    return opened;
  } catch (error) {
    learnFrom(known, { ...options, error, spec });
    const failure = handshakeFailure(name, { run, error });
    run.release({ reason: "HANDSHAKE_FAILED", message: `server ${name} did not finish its handshake` });
    throw failure;
  } finally {
    clearTimeout(timeout);
  }
}

type Spec = InstanceContext["spec"];

/** How the server is spoken to first, by what is known of its program. */
function wayIn(known: KnownProgram, { record, resuming, said, spec }: ShakeOptions & { spec: Spec }) {
  const { hint, diesOfProbe, exitsOnSecondInitialize } = known;
  const marked = record.era ?? spec.era;
  const greeted = resuming && marked !== "modern" ? known.greeted(record) : undefined;
  const era = said ?? marked ?? (diesOfProbe ? "legacy" : undefined);
  return { era, likely: hint, greeted, repeats: !exitsOnSecondInitialize };
}

function learnFrom(known: KnownProgram, { run, resuming, error, spec }: ShakeOptions & { error: unknown; spec: Spec }) {
  // Of a server that stops when idle, the manager before may have told it to end.
  const mayBeIdleStop = spec.idleTimeoutMs !== undefined && run.end?.kind === "exited" && run.end.exit.exitCode === 0;
  if (resuming && !mayBeIdleStop && diedOf("initialize", run)) known.exitedOnSecondInitialize();
  else if (toManagerError(error).details.reason === "HANDSHAKE_TIMEOUT") known.doubt();
}

/** What a server may write when it is asked for its era: servers on Python's SDK before 2 write a hundred lines. */
const complaint = /server\/discover|failed to validate request/i;

/** Who reads the log must not look for a fault where there is none. */
function noteComplaint(
  { server }: InstanceContext,
  { run, record, opened }: { run: Run; record: InstanceRecord; opened: Opened },
): void {
  if (opened.probe !== "refused" || !complaint.test(run.output().stderrTail ?? "")) return;
  const message =
    "the server was asked which era of MCP it speaks (server/discover) and refused that, which is no fault: what it wrote on stderr about it can be ignored";
  server.ring.append(record.instance, { kind: "lifecycle", state: "handshaking", message });
}
