import type { HandlerContext } from "@connectrpc/connect";
import { readTraceContext, type TraceContext } from "../mcp/trace-context.ts";
import { callerOf } from "./caller-header.ts";

/** What `Fleet.call` needs to know of a request's caller. */
export function waitOf({ signal, timeoutMs, requestHeader }: HandlerContext) {
  return { signal, callerHasDeadline: timeoutMs() !== undefined, caller: callerOf(requestHeader) };
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
