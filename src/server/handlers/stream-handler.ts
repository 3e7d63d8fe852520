import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

/**
 * Takes a stream of HTTP/2 before Node makes a request of it, or does not, and says which. One that it has taken it can
 * still leave to the handler of requests, by `next`.
 */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, next: () => void) => boolean;
