import { setImmediate } from "node:timers/promises";
import { ManagerError } from "../../base/errors/errors.ts";
import type { ToolCall } from "../../mcp/features/tools/tool-call.ts";
import type { Fleet } from "../fleet.ts";
import { type CallEvent, CallFeed } from "./call-feed.ts";
import type { CallResult } from "./idempotency/outcome.ts";
import type { ToolCallOptions, ToolCalls } from "./tool-calls.ts";

/** One event of a followed call, and the instance that has the call; empty: none yet. */
export type CallReading = { readonly instance: string } & (
  | CallEvent
  | { readonly kind: "heartbeat"; readonly timeMs: number }
  | { readonly kind: "result"; readonly callResult: CallResult; readonly timeMs: number }
);

/** Where a followed call goes, and where its log lines are. */
export interface FollowCallContext {
  readonly toolCalls: Pick<ToolCalls, "call">;
  readonly fleet: Pick<Fleet, "log">;
}

export interface FollowCallOptions extends Omit<ToolCallOptions, "feed"> {
  readonly call: ToolCall;
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** Milliseconds since any moment; steps of the wall clock don't move it. */
  readonly elapsedMs: () => number;
}

/** Most events that one call hands on in one turn of the event loop: a flood leaves time for everything else. */
const eventsPerTurn = 16;

type Outcome = { readonly callResult: CallResult } | { readonly error: unknown };

/**
 * Calls a tool and gives what happens, the result last. The first reading comes at once: a heartbeat, unless the call
 * ends at once. A caller that joins by an idempotency key gets only heartbeats and the result. Throws what
 * `ToolCalls.call` throws. To stop reading cancels the call.
 */
export async function* followCall(
  { toolCalls, fleet }: FollowCallContext,
  server: string,
  options: FollowCallOptions,
): AsyncGenerator<CallReading> {
  const { signal, heartbeatMs, now, elapsedMs } = options;
  const feed = new CallFeed(() => fleet.log(server), { now });
  using under = begin(toolCalls, server, { ...options, feed });
  // What fails at once has no stream of events.
  await setImmediate();
  let spokeMs: number | undefined;
  for (;;) {
    const since = feed.changes.count;
    // Looked at before the events are: the result came after all of them.
    const outcome = under.outcome();
    for await (const event of unread(feed, signal)) {
      yield event;
      spokeMs = elapsedMs();
    }
    if (outcome !== undefined) {
      if ("error" in outcome) throw outcome.error;
      const { callResult } = outcome;
      yield { kind: "result", callResult, instance: callResult.instance, timeMs: now() };
      return;
    }
    const waitMs = spokeMs === undefined ? 0 : spokeMs + heartbeatMs - elapsedMs();
    if (waitMs > 0 && (await feed.changes.wait({ since, timeoutMs: waitMs, signal }))) continue;
    if (signal.aborted) {
      // The call ends by itself then, and knows what became of it.
      await feed.changes.wait({ since });
      continue;
    }
    yield { kind: "heartbeat", instance: feed.instance, timeMs: now() };
    spokeMs = elapsedMs();
  }
}

/** What nobody has read yet. A caller whose time is over, or that left, is only told how the call ended. */
async function* unread(feed: CallFeed, signal: AbortSignal): AsyncGenerator<CallReading> {
  let left = eventsPerTurn;
  for (let event = feed.next(); event !== undefined && !signal.aborted; event = feed.next()) {
    yield { ...event, instance: feed.instance };
    left -= 1;
    if (left > 0) continue;
    left = eventsPerTurn;
    await setImmediate();
  }
}

/** The call under way; disposing it cancels it. */
function begin(
  toolCalls: Pick<ToolCalls, "call">,
  server: string,
  { call, feed, ...options }: FollowCallOptions & { readonly feed: CallFeed },
): Disposable & { outcome(): Outcome | undefined } {
  let outcome: Outcome | undefined;
  const left = new AbortController();
  const onAbort = () => left.abort(options.signal.reason);
  options.signal.addEventListener("abort", onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  const settle = (settled: Outcome) => {
    outcome = settled;
    feed.end();
  };
  toolCalls.call(server, call, { ...options, signal: left.signal, feed }).then(
    (callResult) => settle({ callResult }),
    (error: unknown) => settle({ error }),
  );
  return {
    outcome: () => outcome,
    [Symbol.dispose]() {
      options.signal.removeEventListener("abort", onAbort);
      // Most calls are over by then, and the error would be made for nobody.
      if (outcome !== undefined) return;
      const details = { reason: "CANCELLED", delivery: "sent" } as const;
      left.abort(new ManagerError("cancelled", "the caller left", { details }));
    },
  };
}
