import { create, type Message } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { type Authorize, authorizeRequest } from "../../operations/authorize.ts";
import { callOf } from "./call-key.ts";
import type { OperationOf } from "./service-operations.ts";

export interface AuthorizeOptions {
  readonly operationOf: OperationOf;
  readonly authorize: Authorize;
}

/** Asks of every request whether its caller may, before its handler sees it: of a stream of them, of each. */
export function authorizeInterceptor({ operationOf, authorize }: AuthorizeOptions): Interceptor {
  // Not async: a promise more for every call.
  return (next) => (request) => {
    const call = callOf({ values: request.contextValues });
    const operation = operationOf(request.method);
    const check = (message: Message) => authorizeRequest(authorize, { call, operation, request: message });
    if (!request.stream) {
      check(request.message as Message);
      return next(request);
    }
    const { input } = request.method;
    const messages = request.message as AsyncIterable<Message>;
    return next({ ...request, message: each(messages, { check, none: () => check(create(input)) }) });
  };
}

/** A stream that ends without a message is asked about, too. */
async function* each<T>(
  messages: AsyncIterable<T>,
  { check, none }: { readonly check: (message: T) => void; readonly none: () => void },
): AsyncGenerator<T> {
  let count = 0;
  for await (const message of messages) {
    check(message);
    count += 1;
    yield message;
  }
  if (count === 0) none();
}
