import type { HandlerContext } from "@connectrpc/connect";
import type { TraceContext } from "../../mcp/protocol/trace-context.ts";
import { callOf } from "./call-key.ts";

/** What `Fleet.call` needs to know of a request's caller. */
export function waitOf(context: HandlerContext) {
  const call = callOf(context);
  const { wait } = call;
  return {
    signal: wait,
    limit: (ms: number) => wait.limit(ms),
    callerHasDeadline: call.hasDeadline,
    caller: call,
  };
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
