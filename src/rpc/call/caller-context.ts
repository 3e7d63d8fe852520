import type { HandlerContext } from "@connectrpc/connect";
import type { TraceContext } from "../../mcp/protocol/trace-context.ts";
import { callOf } from "./call-key.ts";

/** What `Fleet.call` needs to know of a request's caller. */
export function waitOf({ signal, values }: HandlerContext) {
  const call = callOf({ values });
  const { wait } = call;
  const waits = { callerHasDeadline: call.hasDeadline, caller: call };
  // An interceptor may have put a signal of its own in the place of the wait's.
  if (wait.signal !== signal) return { signal, limit: undefined, ...waits };
  return { signal: wait, limit: (ms: number) => wait.limit(ms), ...waits };
}

/** The trace that a request is a part of, for the `_meta` of what is sent to a server (`callerMeta`). */
export function traceOf(context: HandlerContext): TraceContext {
  return callOf(context).trace;
}

/** Whether messages go to the caller as JSON. */
export function takesJson({ protocolName, requestHeader }: HandlerContext): boolean {
  return (
    protocolName === "rest" || /^application\/(?:\w[\w-]*\+)?json\b/i.test(requestHeader.get("content-type") ?? "")
  );
}
