import { create, type Message } from "@bufbuild/protobuf";
import {
  createContextValues,
  type HandlerContext,
  type Interceptor,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { CallWait } from "../fleet/call-wait.ts";
import { callWaitKey } from "./caller-context.ts";
import { callerDeadlinePassed } from "./deadline-interceptor.ts";
import type { UnaryMethod } from "./unary-methods.ts";

export interface UnaryCall {
  /** What the handler sets, for a protocol that sends it with an error, too. */
  readonly answer?: { readonly header: Headers; readonly trailer: Headers };
  readonly method: UnaryMethod;
  readonly message: Message;
  readonly header: Headers;
  /** What is left until the caller's deadline; undefined: there is none. */
  readonly timeoutMs: number | undefined;
  readonly protocolName: string;
  /** Aborted when the caller leaves. Whoever made it ends it. */
  readonly wait: CallWait;
}

type UnaryFn = (request: UnaryRequest) => Promise<UnaryResponse>;
type AnyFn = ReturnType<Interceptor>;

/** Calls a unary method behind the interceptors, as the RPC library does. Throws ConnectError. */
export function invokeUnary(call: UnaryCall, interceptors: readonly Interceptor[]): Promise<UnaryResponse> {
  const { method, message, header, wait, timeoutMs } = call;
  const { desc } = method;
  if (timeoutMs !== undefined) wait.limit(timeoutMs, callerDeadlinePassed);
  const endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  const common = { service: desc.parent, method: desc, requestMethod: "POST", signal: wait.signal };
  const values = createContextValues().set(callWaitKey, wait);
  const url = `http://localhost/${desc.parent.typeName}/${desc.name}`;
  const context: HandlerContext = {
    ...common,
    protocolName: call.protocolName,
    url,
    timeoutMs: () => endMs && endMs - performance.now(),
    requestHeader: header,
    responseHeader: call.answer?.header ?? new Headers(),
    responseTrailer: call.answer?.trailer ?? new Headers(),
    values,
  };
  // Copied only for an interceptor that has put a signal of its own in its place.
  const contextOf = (signal: AbortSignal) => (signal === wait.signal ? context : { ...context, signal });
  const run: UnaryFn = async ({ message, signal }) => ({
    stream: false,
    service: desc.parent,
    method: desc,
    header: context.responseHeader,
    trailer: context.responseTrailer,
    message: create(desc.output, (await method.call(message, contextOf(signal))) as Message),
  });
  const intercepted = interceptors.reduceRight((next, interceptor) => interceptor(next), run as AnyFn) as UnaryFn;
  return intercepted({ ...common, stream: false, url, header, contextValues: values, message });
}
