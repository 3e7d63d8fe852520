import { ManagerError, toManagerError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ClientInfo } from "../mcp/legacy.ts";
import type { McpInfo } from "../mcp/mcp-info.ts";
import type { InstanceRecord, Runtime } from "../runtime/runtime.ts";
import { type ServerSpec, specDefaults } from "../spec.ts";
import type { ExitWatch } from "./exit-watch.ts";
import type { LogRing } from "./log-ring.ts";
import { planFor } from "./record-plan.ts";
import { Run } from "./run.ts";
import { runEndError } from "./run-end.ts";
import { startCancelled } from "./server-failure.ts";

/** What bringing a server up needs. */
export interface LaunchContext {
  readonly runtime: Runtime;
  readonly exits: ExitWatch;
  readonly ring: LogRing;
  readonly clientInfo: ClientInfo;
  readonly maxLineBytes: number;
  readonly maxQueuedChars: number;
  readonly name: string;
  readonly spec: ServerSpec;
  /** Which copy of the server: 0 is the first. */
  readonly replica: number;
  readonly newId: () => string;
  readonly log: Log;
  /** Told of each step. */
  readonly enter: (step: "pulling" | "creating" | "handshaking") => void;
  /** Told of each step of a pull. */
  readonly onPull: (progress: string) => void;
  /** Told of the instance as soon as there is one, and when it is gone again. */
  readonly onInstance: (record: InstanceRecord | undefined) => void;
  /** Told when an instance that ran before is started again. */
  readonly onRestart: () => void;
}

/** A server that answers. */
export interface Launched {
  readonly run: Run;
  readonly record: InstanceRecord;
  /** Undefined when the conversation of the run before goes on. */
  readonly mcp: McpInfo | undefined;
}

interface SignalOption {
  readonly signal: AbortSignal;
}

/** Brings a server up, whatever there is of it: goes on with an instance that runs, or starts one, or makes one. */
export async function bringUp(
  context: LaunchContext,
  options: SignalOption & { known: InstanceRecord | undefined },
): Promise<Launched> {
  const { runtime, name } = context;
  const { known, signal } = options;
  const plan = planFor(name, known === undefined ? undefined : await runtime.inspect(known.id, { signal }));
  switch (plan.kind) {
    case "paused":
      throw plan.error;
    case "take_over":
      return takeOver(context, { record: plan.record, inConversation: false, signal });
    case "exited":
      return relaunch(context, { record: plan.record, signal });
    case "finish_removal":
      await runtime.remove(plan.record.id, {});
      break;
    case "gone":
      // It was removed behind the manager's back: the one that is made now takes its place.
      if (known !== undefined) context.onRestart();
      break;
    default:
      plan satisfies never;
  }
  context.onInstance(undefined);
  return launchNew(context, { signal });
}

/** Creates an instance, starts it and shakes hands. When that fails the instance is removed again. */
async function launchNew(context: LaunchContext, { signal }: SignalOption): Promise<Launched> {
  const { runtime, spec } = context;
  const pulls = spec.pullPolicy === "always" || !(await runtime.hasImage(spec, { signal }));
  if (pulls) context.enter("pulling");
  await runtime.prepare(spec, { signal, onProgress: context.onPull });
  context.enter("creating");
  const record = await runtime.create(
    { server: context.name, instance: context.newId(), replica: context.replica, spec },
    { signal },
  );
  context.onInstance(record);
  try {
    return await startAndShake(context, { record, signal });
  } catch (error) {
    // An instance that can't be removed now is not forgotten: a Stop, a Start or the next resync finishes.
    if (await cleanUp(context, () => runtime.remove(record.id, {}))) context.onInstance(undefined);
    throw error;
  }
}

/** Starts an existing instance again. When that fails it is left exited. */
async function relaunch(context: LaunchContext, options: SignalOption & { record: InstanceRecord }): Promise<Launched> {
  context.enter("creating");
  context.onRestart();
  try {
    return await startAndShake(context, options);
  } catch (error) {
    await cleanUp(context, () => context.runtime.stop(options.record.id, { graceMs: 0 }));
    throw error;
  }
}

/** What made the launch fail is what the caller must see; a failing clean-up goes to the log. Says whether it worked. */
async function cleanUp(context: LaunchContext, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    context.log.warn("could not clean up after a failed start", { server: context.name, error: String(error) });
    return false;
  }
}

/**
 * Takes over a running instance: attaches, ends half a line that may stand in its stdin, and shakes hands unless the
 * same process is known to be in conversation already. The instance is not touched when that fails.
 */
export async function takeOver(
  context: LaunchContext,
  options: SignalOption & { record: InstanceRecord; inConversation: boolean; onAttached?: () => void },
): Promise<Launched> {
  context.enter("handshaking");
  const { signal } = options;
  const run = await openRun(context, options);
  options.onAttached?.();
  try {
    // Attaching to an exited instance opens without ending, and its exit event may have come before the run listened.
    const plan = planFor(context.name, await context.runtime.inspect(options.record.id, { signal }));
    if (plan.kind !== "take_over") throw "error" in plan ? plan.error : startCancelled(context.name);
    run.session.endHalfLine();
    const same = plan.record.startTimeMs === options.record.startTimeMs;
    const mcp = options.inConversation && same ? undefined : await handshake(context, { run, signal });
    return { run, record: plan.record, mcp };
  } catch (error) {
    run.release({ reason: "ATTACH_FAILED", message: `server ${context.name} could not be taken over` });
    throw error;
  }
}

async function startAndShake(
  context: LaunchContext,
  options: SignalOption & { record: InstanceRecord },
): Promise<Launched> {
  const { runtime } = context;
  const { signal } = options;
  // Attach first, or the first bytes are lost.
  const run = await openRun(context, options);
  try {
    await runtime.start(options.record.id, { signal });
    context.enter("handshaking");
    const mcp = await handshake(context, { run, signal });
    const record = (await runtime.inspect(options.record.id, { signal })) ?? options.record;
    return { run, record, mcp };
  } catch (error) {
    run.release({ reason: "START_FAILED", message: `server ${context.name} could not be started` });
    throw error;
  }
}

function openRun(context: LaunchContext, options: SignalOption & { record: InstanceRecord }): Promise<Run> {
  const { runtime, exits, ring, clientInfo, maxLineBytes, maxQueuedChars, name } = context;
  const { id, instance } = options.record;
  return Run.open(
    { runtime, exits, ring, server: name, id, instance, clientInfo, maxLineBytes, maxQueuedChars },
    { signal: options.signal },
  );
}

/** Bounded by the spec's `handshake_timeout`. When it fails, the run is let go of and the error says what it showed. */
async function handshake(context: LaunchContext, { run, signal }: SignalOption & { run: Run }): Promise<McpInfo> {
  const timeoutMs = context.spec.handshakeTimeoutMs ?? specDefaults.handshakeTimeoutMs;
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(handshakeTimeout(context.name, timeoutMs)), timeoutMs);
  try {
    return await run.session.handshake({ signal: AbortSignal.any([signal, timer.signal]) });
  } catch (error) {
    const failure = handshakeFailure(context.name, { run, error });
    run.release({ reason: "HANDSHAKE_FAILED", message: `server ${context.name} did not finish its handshake` });
    throw failure;
  } finally {
    clearTimeout(timeout);
  }
}

function handshakeFailure(name: string, { run, error }: { run: Run; error: unknown }): ManagerError {
  const stderrTail = run.stderrTail();
  if (run.end !== undefined) {
    return runEndError(name, { end: run.end, stderrTail, doing: " before it finished the MCP handshake" });
  }
  return toManagerError(error).with({
    server: name,
    delivery: "not_sent",
    ...(stderrTail === "" ? {} : { stderrTail }),
  });
}

function handshakeTimeout(name: string, timeoutMs: number): ManagerError {
  const message = `server ${name} did not answer the MCP handshake within ${timeoutMs} ms; is it an MCP server on stdio? (handshake_timeout)`;
  return new ManagerError("not_running", message, { details: { reason: "HANDSHAKE_TIMEOUT" } });
}
