import type { Message } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Authorize } from "../../operations/authorize.ts";
import type { CallContext } from "../../operations/call-context.ts";
import { callOf } from "./call-key.ts";
import type { OperationOf, RpcOperation } from "./service-operations.ts";

export interface AuthorizeOptions {
  readonly operationOf: OperationOf;
  readonly authorize: Authorize;
}

/** Asks of every request whether its caller may, before its handler sees it: of a stream of them, of each. */
export function authorizeInterceptor({ operationOf, authorize }: AuthorizeOptions): Interceptor {
  const check = (call: CallContext, { action, targets }: RpcOperation, message: Message) => {
    for (const target of targets(message)) authorize(call, action, target);
  };
  // Not async: a promise more for every call.
  return (next) => (request) => {
    const call = callOf({ values: request.contextValues });
    const operation = operationOf(request.method);
    if (!request.stream) {
      check(call, operation, request.message as Message);
      return next(request);
    }
    const messages = request.message as AsyncIterable<Message>;
    return next({ ...request, message: each(messages, (message) => check(call, operation, message)) });
  };
}

async function* each<T>(messages: AsyncIterable<T>, check: (message: T) => void): AsyncGenerator<T> {
  for await (const message of messages) {
    check(message);
    yield message;
  }
}
