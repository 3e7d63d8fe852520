import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { parseTimeout } from "@connectrpc/connect/protocol-grpc";
import { CallWait, type FarDeadlines } from "../../fleet/call-wait.ts";
import type { RpcRequest } from "../call/rpc-call.ts";
import type { RpcMethod } from "../call/rpc-methods.ts";
import { leaveBody, type ReadBefore } from "../wire/node-body.ts";
import { requestHeaders } from "../wire/request-headers.ts";
import type { StreamHandler } from "../wire/stream-handler.ts";
import { timeoutLeft } from "../wire/timeout-header.ts";
import { joined, readBody } from "../wire/whole-body.ts";
import { streamAnswerer } from "./answer-stream.ts";
import { unaryAnswerer } from "./answer-unary.ts";
import { type GrpcAnswerer, type GrpcAnswererOptions, grpcContentType } from "./grpc-answer.ts";
import { envelopeBytes } from "./grpc-envelope.ts";

export interface LeanGrpcOptions extends GrpcAnswererOptions {
  readonly methods: ReadonlyMap<string, RpcMethod>;
  readonly maxRequestBytes: number;
  readonly recursionLimit: number;
  readonly farDeadlines: FarDeadlines;
}

interface Exchange {
  readonly input: DescMessage;
  readonly answer: GrpcAnswerer;
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Leaves the request to the RPC library. */
  readonly next: () => void;
  /** When the request's headers came: the deadline counts from there. */
  readonly sinceMs: number;
}

/**
 * RPCs by gRPC, unary or with a stream of answers, for the requests that clients send nearly always: binary, whole, not
 * compressed. The RPC library's pipeline of async iterables costs several times more for them, and so do the request and
 * response that Node makes of a stream. Whatever is not just so (an envelope that is none, bytes that are no such message,
 * too many of them) goes to the library, with what was read of it, so that both have one behaviour.
 */
export function leanGrpc(options: LeanGrpcOptions): StreamHandler {
  const routes = new Map([...options.methods].map(([path, method]) => [path, routeOf(method, options)]));
  return (stream, headers, next) => {
    const route = isPlainGrpc(headers) ? routes.get(headers[":path"] ?? "") : undefined;
    if (route === undefined) return false;
    const { input, answer } = route;
    const exchange = { input, answer, stream, headers, next, sinceMs: performance.now() };
    readBody(stream, {
      maxBytes: options.maxRequestBytes + envelopeBytes,
      onRead: (read) => {
        // Its caller left in the middle.
        if (stream.destroyed) return;
        const request = read.whole ? requestOf(joined(read.chunks), exchange, options) : undefined;
        if (request === undefined) handOver(exchange, read);
        else answer(request, stream).catch(() => stream.destroy());
      },
      onLeft: () => {},
    });
    return true;
  };
}

function routeOf(method: RpcMethod, options: LeanGrpcOptions): Pick<Exchange, "input" | "answer"> {
  const answer = method.kind === "unary" ? unaryAnswerer(method, options) : streamAnswerer(method, options);
  return { input: method.desc.input, answer };
}

function isPlainGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  const encoding = headers["grpc-encoding"];
  return (
    headers[":method"] === "POST" &&
    (type === "application/grpc" || type === grpcContentType) &&
    (encoding === undefined || encoding === "identity")
  );
}

function handOver({ stream, next }: Exchange, read: ReadBefore): void {
  leaveBody(stream, read);
  next();
}

/** Undefined for what is not just one message and a deadline that gRPC knows. */
function requestOf(
  body: Buffer,
  { input, stream, headers, sinceMs }: Exchange,
  { recursionLimit, farDeadlines }: LeanGrpcOptions,
): RpcRequest | undefined {
  if (body.length < envelopeBytes || body[0] !== 0 || body.readUInt32BE(1) !== body.length - envelopeBytes) return;
  const header = requestHeaders(headers, stream.session?.socket);
  const timeout = parseTimeout(header.get("grpc-timeout"), Number.POSITIVE_INFINITY);
  if (timeout.error !== undefined) return;
  const timeoutMs = timeoutLeft(timeout.timeoutMs, sinceMs);
  try {
    const message = fromBinary(input, body.subarray(envelopeBytes), { recursionLimit });
    return { message, header, timeoutMs, protocolName: "grpc", wait: new CallWait(farDeadlines) };
  } catch {
    return;
  }
}
