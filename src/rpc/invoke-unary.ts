import { create, type Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type HandlerContext,
  type Interceptor,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { UnaryMethod } from "./unary-methods.ts";

export interface UnaryCall {
  /** What the handler sets, for a protocol that sends it with an error, too. */
  readonly answer?: { readonly header: Headers; readonly trailer: Headers };
  readonly method: UnaryMethod;
  readonly message: Message;
  readonly header: Headers;
  /** What is left until the deadline; undefined: there is none. */
  readonly timeoutMs: number | undefined;
  readonly protocolName: string;
  /** Aborted when the caller leaves, and by the deadline. */
  readonly ended: AbortController;
}

type UnaryFn = (request: UnaryRequest) => Promise<UnaryResponse>;
type AnyFn = ReturnType<Interceptor>;

/** Calls a unary method behind the interceptors, as the RPC library does. Throws ConnectError. */
export async function invokeUnary(call: UnaryCall, interceptors: readonly Interceptor[]): Promise<UnaryResponse> {
  const { method, message, header, ended, timeoutMs } = call;
  const { desc } = method;
  const deadline = timeoutMs === undefined ? undefined : deadlineOf(ended, timeoutMs);
  const endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  const common = { service: desc.parent, method: desc, requestMethod: "POST", signal: ended.signal };
  const values = createContextValues();
  const context: HandlerContext = {
    ...common,
    protocolName: call.protocolName,
    url: `http://localhost/${desc.parent.typeName}/${desc.name}`,
    timeoutMs: () => endMs && endMs - performance.now(),
    requestHeader: header,
    responseHeader: call.answer?.header ?? new Headers(),
    responseTrailer: call.answer?.trailer ?? new Headers(),
    values,
  };
  const run: UnaryFn = async (request) => ({
    stream: false,
    service: desc.parent,
    method: desc,
    header: context.responseHeader,
    trailer: context.responseTrailer,
    message: create(
      desc.output,
      (await method.call(request.message, { ...context, signal: request.signal })) as Message,
    ),
  });
  const intercepted = interceptors.reduceRight((next, interceptor) => interceptor(next), run as AnyFn) as UnaryFn;
  try {
    return await intercepted({ ...common, stream: false, url: context.url, header, contextValues: values, message });
  } finally {
    clearTimeout(deadline);
  }
}

function deadlineOf(ended: AbortController, timeoutMs: number): NodeJS.Timeout | undefined {
  const pass = () => ended.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  if (timeoutMs > 0) return setTimeout(pass, timeoutMs);
  pass();
  return undefined;
}
