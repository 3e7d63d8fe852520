import type { DescMethod, Message } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import type { CallWait } from "../../fleet/call-wait.ts";
import { callWaitKey } from "./caller-context.ts";
import { callerDeadlinePassed } from "./deadline-interceptor.ts";

/** A request of one message, by whichever protocol. */
export interface RpcRequest {
  readonly message: Message;
  readonly header: Headers;
  /** What is left until the caller's deadline; undefined: there is none. */
  readonly timeoutMs: number | undefined;
  readonly protocolName: string;
  /** Aborted when the caller leaves. Whoever made it ends it. */
  readonly wait: CallWait;
  /** Default: none. */
  readonly values?: ContextValues | undefined;
  /** What the handler sets, for a protocol that sends it with an error, too. */
  readonly answer?: { readonly header: Headers; readonly trailer: Headers };
}

export interface RpcCall<Method extends { readonly desc: DescMethod }> extends RpcRequest {
  readonly method: Method;
}

export type AnyFn = ReturnType<Interceptor>;

/** What the interceptors and the handler of a call are told of it. From here on the deadline counts. */
export function openCall(call: RpcCall<{ readonly desc: DescMethod }>) {
  const { method, header, wait, timeoutMs } = call;
  const { desc } = method;
  if (timeoutMs !== undefined) wait.limit(timeoutMs, callerDeadlinePassed);
  const endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  const common = { service: desc.parent, requestMethod: "POST", signal: wait.signal };
  const values = (call.values ?? createContextValues()).set(callWaitKey, wait);
  const url = `http://localhost/${desc.parent.typeName}/${desc.name}`;
  const context: HandlerContext = {
    ...common,
    method: desc,
    protocolName: call.protocolName,
    url,
    timeoutMs: () => endMs && endMs - performance.now(),
    requestHeader: header,
    responseHeader: call.answer?.header ?? new Headers(),
    responseTrailer: call.answer?.trailer ?? new Headers(),
    values,
  };
  return {
    request: { ...common, url, header, contextValues: values },
    response: { service: desc.parent, header: context.responseHeader, trailer: context.responseTrailer },
    /** Copied only for an interceptor that has put a signal of its own in its place. */
    contextOf: (signal: AbortSignal): HandlerContext => (signal === wait.signal ? context : { ...context, signal }),
  };
}

/** The first interceptor is the outermost. */
export function intercepted(run: AnyFn, interceptors: readonly Interceptor[]): AnyFn {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), run);
}
