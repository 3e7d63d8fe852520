import type { ConnectRouter } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Log } from "../log.ts";
import type { NodeHandler, NodeRequest, NodeResponse } from "./node-handler.ts";
import { clampTimeout } from "./timeout-header.ts";

type RpcMethod = ConnectRouter["handlers"][number];

/**
 * Hands requests of Node on to the RPC library. An adapter of our own: the library's prints a stack to stderr for every
 * caller that leaves, and takes a deadline beyond what a timer can hold for one that has passed.
 */
export function nodeAdapter(options: {
  readonly router: ConnectRouter;
  /** Answers requests for other paths. */
  readonly fallback: NodeHandler;
  readonly log: Log;
}): NodeHandler {
  const methods = new Map(options.router.handlers.map((method) => [method.requestPath, method]));
  return (request, response) => {
    const method = methods.get(request.url?.split("?", 1)[0] ?? "");
    if (method === undefined) {
      options.fallback(request, response);
      return;
    }
    // What a method throws is in the answer already; this is about writing that.
    answer(method, { request, response }).catch((error: unknown) => {
      options.log.debug("an answer did not reach its caller", { method: method.method.name, error: String(error) });
    });
  };
}

async function answer(
  method: RpcMethod,
  { request, response }: { request: NodeRequest; response: NodeResponse },
): Promise<void> {
  const universal = universalRequestFromNodeRequest(request, response, undefined, undefined);
  clampTimeout(universal.header);
  await universalResponseToNodeResponse(await method(universal), response);
}
