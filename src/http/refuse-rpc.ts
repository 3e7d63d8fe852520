import type { RefuseRpc } from "../rpc/node-adapter.ts";
import { refuse } from "./handler.ts";
import { emptyGet, unsupportedMediaType, wrongMethod, wrongVersion } from "./refusals.ts";

/** Says why no protocol takes a request for an RPC: its method, its version of HTTP, or its content type. */
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
