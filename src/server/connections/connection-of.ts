import type { ServerHttp2Stream } from "node:http2";
import type { NodeRequest } from "../handlers/node-handler.ts";

/** The object that identifies a request's connection, the same for all its requests. Undefined: it is closed. */
export function connectionOf(request: NodeRequest | ServerHttp2Stream): object | undefined {
  if ("session" in request) return request.session;
  // Node gives each request over HTTP/2 an object of its own for the socket.
  return "stream" in request ? request.stream.session : request.socket;
}
