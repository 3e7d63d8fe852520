import { toConnectError } from "../rpc/errors/connect-error.ts";
import type { RefuseRpc } from "../rpc/node-adapter.ts";
import type { NodeRequest, NodeResponse } from "../server/handlers/node-handler.ts";
import type { MalformedRequest } from "../server/responses/malformed-response.ts";
import { errorText, respondWithError } from "./error-response.ts";
import {
  emptyGet,
  malformedRequest,
  type Refusal,
  unknownPath,
  unsupportedMediaType,
  wrongMethod,
  wrongVersion,
} from "./refusals.ts";

/** Responds with a refusal, in the words of the caller's protocol. */
export function refuse(refusal: Refusal, exchange: { request: NodeRequest; response: NodeResponse }): void {
  respondWithError({ ...exchange, ...refusal });
}

/** Refuses a request that no face takes. */
export function refuseUnknownPath(request: NodeRequest, response: NodeResponse): void {
  refuse(unknownPath(request.url?.split("?")[0] ?? ""), { request, response });
}

/** Refuses a request for an RPC that no protocol takes, by its method, its version of HTTP, or its content type. */
export const refuseRpc: RefuseRpc = (status, exchange) => {
  const { request, response } = exchange;
  const path = request.url?.split("?")[0] ?? "";
  if (status === 405) {
    const allowed = exchange.allowedMethods.toSorted();
    response.setHeader("allow", allowed.join(", "));
    refuse(wrongMethod(path, allowed), exchange);
  } else if (status === 505) {
    refuse(wrongVersion(path), exchange);
  } else if (request.method === "GET") {
    refuse(emptyGet, exchange);
  } else {
    refuse(unsupportedMediaType(request.headers["content-type"] ?? ""), exchange);
  }
};

/** The body of the response to a malformed HTTP/1.1 request, in the form of the protocol that its path tells. */
export function malformedText({ status, problem, target }: MalformedRequest): string {
  return errorText(toConnectError(malformedRequest(status, problem).error), target);
}
