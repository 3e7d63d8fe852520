import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { CallWait } from "../../fleet/call-wait.ts";
import { readTraceContext, type TraceContext } from "../../mcp/trace-context.ts";
import { callerOf } from "../wire/caller-header.ts";

/** The wait whose signal the request has. Undefined: the RPC library made the signal. */
export const callWaitKey = createContextKey<CallWait | undefined>(undefined, { description: "wait of the caller" });

/** What `Fleet.call` needs to know of a request's caller. */
export function waitOf({ signal, timeoutMs, requestHeader, values }: HandlerContext) {
  const wait = values.get(callWaitKey);
  const waits = { callerHasDeadline: timeoutMs() !== undefined, caller: callerOf(requestHeader) };
  // An interceptor may have put a signal of its own in the place of the wait's.
  if (wait?.signal !== signal) return { signal, limit: undefined, ...waits };
  return { signal: wait, limit: (ms: number) => wait.limit(ms), ...waits };
}

/** The trace that a request is a part of, for the `_meta` of what is sent to a server (`callerMeta`). */
export function traceOf({ requestHeader }: HandlerContext): TraceContext {
  return readTraceContext(requestHeader);
}

/** Whether messages go to the caller as JSON. */
export function takesJson({ protocolName, requestHeader }: HandlerContext): boolean {
  return (
    protocolName === "rest" || /^application\/(?:\w[\w-]*\+)?json\b/i.test(requestHeader.get("content-type") ?? "")
  );
}
