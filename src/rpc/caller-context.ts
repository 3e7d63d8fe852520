import type { HandlerContext } from "@connectrpc/connect";
import { callerOf } from "./caller-header.ts";

/** Whose call into a server it is, and how long that caller waits. */
export function waitOf({ signal, timeoutMs, requestHeader }: HandlerContext) {
  return { signal, callerHasDeadline: timeoutMs() !== undefined, caller: callerOf(requestHeader) };
}
