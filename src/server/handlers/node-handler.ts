import type http from "node:http";
import type http2 from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

/** A request over HTTP/1.1 or HTTP/2. */
export type NodeRequest = http.IncomingMessage | http2.Http2ServerRequest;

/** Its response. Node's two types have `write` and `writeHead` of their own, which do the same. */
export type NodeResponse = (Omit<http.ServerResponse, "write"> | Omit<http2.Http2ServerResponse, "write">) & {
  write(chunk: string | Uint8Array, callback?: (error: Error | null | undefined) => void): boolean;
  write(
    chunk: string | Uint8Array,
    encoding: BufferEncoding,
    callback?: (error: Error | null | undefined) => void,
  ): boolean;
  writeHead(status: number, headers?: http.OutgoingHttpHeaders): unknown;
};

/** Responds to requests of HTTP/1.1 and HTTP/2 alike. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

/** Takes a request and alone responds to it, or does not take it; returns which. */
export type Mount = (request: NodeRequest, response: NodeResponse) => boolean;

/**
 * Takes a stream of HTTP/2 before Node makes a request of it, or does not take it; returns which. A stream that it took
 * it can still leave to the handler of requests, by `next`.
 */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, next: () => void) => boolean;
