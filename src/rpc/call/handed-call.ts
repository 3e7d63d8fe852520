import type { ServerHttp2Stream } from "node:http2";
import type { CallContext } from "../../operations/call-context.ts";
import type { NodeRequest } from "../../server/handlers/node-handler.ts";

const handed = Symbol("handed");

interface Handing {
  [handed]?: CallContext;
}

/** A request that is left to another door keeps the call that was opened for it, and with it its deadline. */
export function handCall(from: (NodeRequest | ServerHttp2Stream) & Handing, call: CallContext): void {
  from[handed] = call;
}

/** The call that was opened for a request, or for its stream, before it came here. */
export function handedCall(request: NodeRequest & Handing): CallContext | undefined {
  if (request[handed] !== undefined || !("stream" in request)) return request[handed];
  const stream: ServerHttp2Stream & Handing = request.stream;
  return stream[handed];
}
