import { create, type Message } from "@bufbuild/protobuf";
import type { Interceptor, StreamRequest, StreamResponse } from "@connectrpc/connect";
import { mapMessages } from "./map-messages.ts";
import { type AnyFn, intercepted, type RpcCall, RpcContext } from "./rpc-call.ts";
import type { StreamMethod } from "./rpc-methods.ts";

export type StreamCall = RpcCall<StreamMethod>;

type StreamFn = (request: StreamRequest) => Promise<StreamResponse>;

/**
 * Calls a server-streaming method behind the interceptors, as the RPC library does. It throws ConnectError, as do the
 * messages of its response.
 */
export function invokeStream(call: StreamCall, interceptors: readonly Interceptor[]): Promise<StreamResponse> {
  const { desc, call: method } = call.method;
  const context = new RpcContext(call);
  const run: StreamFn = async ({ message }) => ({
    ...context.response,
    stream: true,
    method: desc,
    message: mapMessages(method(await onlyOf(message), context), {
      message: (one) => create(desc.output, one as Message),
      error: (error) => error,
    }),
  });
  const invoke = intercepted(run as AnyFn, interceptors) as StreamFn;
  return invoke({ ...context.request, stream: true, method: desc, message: only(call.message) });
}

async function* only<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** Interceptors may have put another message in the place of the only one. */
async function onlyOf<T>(messages: AsyncIterable<T>): Promise<T> {
  for await (const message of messages) return message;
  throw new Error("an interceptor took the request's message away");
}
