import http, { type OutgoingHttpHeaders } from "node:http";
import http2 from "node:http2";

/**
 * What every response tells a browser: it is nothing but what its content type says, and no page of another site may
 * embed it.
 */
export const responseGuards = {
  "x-content-type-options": "nosniff",
  // For pages of allowed origins, too: what they ask for by CORS is not subject to it.
  "cross-origin-resource-policy": "same-origin",
} as const;

// With the headers that are written: one that is set before makes Node set each of those, too (bench/README.md, micro).

/** A response over HTTP/1.1 with the guards. Its writers give no status message. */
export class GuardedResponse extends http.ServerResponse {
  override writeHead(status: number, ...[headers]: unknown[]): this {
    return super.writeHead(status, withGuards(headers as OutgoingHttpHeaders | undefined));
  }
}

/** The same over HTTP/2. No browser speaks gRPC, whose responses by the fast path have no guards either. */
export class GuardedHttp2Response extends http2.Http2ServerResponse {
  override writeHead(status: number, ...[headers]: unknown[]): this {
    const own = headers as OutgoingHttpHeaders | undefined;
    const isGrpc = grpc.test(this.req.headers["content-type"] ?? "");
    return super.writeHead(status, isGrpc ? own : withGuards(own));
  }
}

function withGuards(headers: OutgoingHttpHeaders | undefined): OutgoingHttpHeaders {
  return { ...headers, ...responseGuards };
}

const grpc = /^application\/grpc(?!-web)/i;
