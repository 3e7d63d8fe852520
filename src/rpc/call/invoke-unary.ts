import { create, type Message } from "@bufbuild/protobuf";
import type { Interceptor, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import { type AnyFn, intercepted, type RpcCall, RpcContext } from "./rpc-call.ts";
import type { UnaryMethod } from "./rpc-methods.ts";

export type UnaryCall = RpcCall<UnaryMethod>;

type UnaryFn = (request: UnaryRequest) => Promise<UnaryResponse>;

/** Calls a unary method behind the interceptors, as the RPC library does. Throws ConnectError. */
export function invokeUnary(call: UnaryCall, interceptors: readonly Interceptor[]): Promise<UnaryResponse> {
  const { desc, call: method } = call.method;
  const context = new RpcContext(call);
  const run: UnaryFn = async ({ message }) => ({
    ...context.response,
    stream: false,
    method: desc,
    message: create(desc.output, (await method(message, context)) as Message),
  });
  const invoke = intercepted(run as AnyFn, interceptors) as UnaryFn;
  return invoke({ ...context.request, stream: false, method: desc, message: call.message });
}
