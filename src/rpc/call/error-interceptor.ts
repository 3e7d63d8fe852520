import { ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { type ManagerError, toManagerError } from "../../base/errors/errors.ts";
import type { Log } from "../../base/log/log.ts";
import { addMissingDetails, toConnectError } from "../errors/connect-error.ts";
import { explainJsonError, forgetJsonBody } from "../json/request-body.ts";
import { markBegun } from "./call-begun.ts";
import { mapMessages } from "./map-messages.ts";
import type { OperationOf } from "./service-operations.ts";

export interface ErrorOptions {
  readonly log: Log;
  readonly operationOf: OperationOf;
}

/** Maps what handlers throw, once, for unary and streaming RPCs alike. A bug goes to the log with its stack. */
export function errorInterceptor({ log, operationOf }: ErrorOptions): Interceptor {
  const mapped = (error: unknown, { method, contextValues }: UnaryRequest | StreamRequest): ConnectError => {
    if (error instanceof ConnectError) {
      explainJsonError(error, { values: contextValues, input: method.input });
      addMissingDetails(error, { begun: operationOf(method).reachesServer });
      return error;
    }
    const failure = toManagerError(error);
    if (failure.kind === "internal") {
      log.error("bug: a handler threw what no module throws", { method: method.name, error: failure.cause ?? failure });
    }
    return toConnectError(operationOf(method).reachesServer ? failure : neverSent(failure));
  };
  return (next) => async (request) => {
    if (!request.stream) {
      forgetJsonBody(request.contextValues);
      if (operationOf(request.method).reachesServer) markBegun(request.contextValues);
    }
    try {
      const response = await next(request);
      if (!response.stream) return response;
      const message = mapMessages(response.message, {
        message: (one) => one,
        error: (error) => mapped(error, request),
      });
      return { ...response, message };
    } catch (error) {
      throw mapped(error, request);
    }
  };
}

/** The code that threw it assumed that there was a call. */
function neverSent(failure: ManagerError): ManagerError {
  return failure.details.delivery === "sent" ? failure.with({ delivery: "not_sent" }) : failure;
}
