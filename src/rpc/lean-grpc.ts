import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { pipeline } from "node:stream";
import { fromBinary } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor, type UnaryResponse } from "@connectrpc/connect";
import { parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { toManagerError } from "../errors.ts";
import { markCaller } from "./caller-header.ts";
import { toConnectError } from "./connect-error.ts";
import { envelopeBytes, grpcEnvelope } from "./grpc-envelope.ts";
import { plainGrpcMessage } from "./grpc-message.ts";
import { invokeUnary, type UnaryCall } from "./invoke-unary.ts";
import type { RpcHandler } from "./node-adapter.ts";
import { bodyOf } from "./node-handler.ts";
import { pacedBody } from "./paced-body.ts";
import { clampTimeout } from "./timeout-header.ts";
import type { UnaryMethod } from "./unary-methods.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

export interface LeanGrpcOptions {
  readonly methods: ReadonlyMap<string, UnaryMethod>;
  readonly interceptors: readonly Interceptor[];
  readonly maxRequestBytes: number;
  readonly recursionLimit: number;
  readonly unread: UnreadAnswers;
  /** The RPC library, which takes everything. */
  readonly next: RpcHandler;
}

interface Exchange {
  readonly method: UnaryMethod;
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  /** When the request's headers came: the deadline counts from there. */
  readonly sinceMs: number;
}

const contentType = "application/grpc+proto";
/** A larger answer goes out in slices. */
const maxWholeBytes = 64 * 1024;

/**
 * Unary RPCs by gRPC, for the requests that clients send nearly always: binary, whole, not compressed. The RPC library's
 * pipeline of async iterables costs several times more for them. Whatever is not just so (an envelope that is none, bytes
 * that are no such message, too many of them) goes to the library, with what was read of it, so that both have one
 * behaviour.
 */
export function leanGrpc(options: LeanGrpcOptions): RpcHandler {
  const { methods, next } = options;
  return (request, response) => {
    const method = "stream" in request && isPlainGrpc(request) ? methods.get(request.url) : undefined;
    if (method === undefined) {
      next(request, response);
      return;
    }
    const exchange = { method, request, response, sinceMs: performance.now() } as Exchange;
    readBody(exchange, options, (body) => {
      const call = callOf(body, exchange, options);
      if (call === undefined) next(request, response, chunksOf([body]));
      else answer(call, exchange, options).catch(() => response.destroy());
    });
  };
}

function isPlainGrpc({ method, headers }: Http2ServerRequest): boolean {
  const type = headers["content-type"];
  const encoding = headers["grpc-encoding"];
  return (
    method === "POST" &&
    (type === "application/grpc" || type === contentType) &&
    (encoding === undefined || encoding === "identity")
  );
}

/** Hands on the whole body; what is larger than may be goes to the library, as soon as it is. */
function readBody(
  { request, response }: Exchange,
  { maxRequestBytes, next }: LeanGrpcOptions,
  whole: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= maxRequestBytes + envelopeBytes) return;
    request.off("data", onData).off("end", onEnd).pause();
    next(request, response, chunksOf(chunks, bodyOf(request)));
  };
  const onEnd = () => {
    const [first] = chunks;
    whole(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes));
  };
  // A caller that leaves is told nothing.
  request.on("error", () => {});
  request.on("data", onData).on("end", onEnd);
}

/** Undefined for what is not just one message and a deadline that gRPC knows. */
function callOf(body: Buffer, exchange: Exchange, { recursionLimit }: LeanGrpcOptions): UnaryCall | undefined {
  const { method, request, sinceMs } = exchange;
  if (body.length < envelopeBytes || body[0] !== 0 || body.readUInt32BE(1) !== body.length - envelopeBytes) return;
  const header = headersOf(request);
  const timeout = parseTimeout(header.get("grpc-timeout"), Number.POSITIVE_INFINITY);
  if (timeout.error !== undefined) return;
  const { timeoutMs } = timeout;
  const restMs = timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - sinceMs);
  try {
    const message = fromBinary(method.desc.input, body.subarray(envelopeBytes), { recursionLimit });
    return { method, message, header, timeoutMs: restMs, protocolName: "grpc", ended: new AbortController() };
  } catch {
    return;
  }
}

function headersOf(request: Http2ServerRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    if (Array.isArray(value)) for (const one of value) headers.append(name, one);
    else headers.set(name, value);
  }
  clampTimeout(headers);
  markCaller(headers, request);
  return headers;
}

async function answer(call: UnaryCall, { response }: Exchange, options: LeanGrpcOptions): Promise<void> {
  const onClose = () => call.ended.abort();
  response.once("close", onClose);
  const answered = await invokeUnary(call, options.interceptors)
    .then((answered) => successOf(call, answered))
    .catch(failureOf);
  response.off("close", onClose);
  // The caller may be gone: nothing to write to then.
  if (response.stream.destroyed) return;
  response.writeHead(200, { ...answered.header, "content-type": contentType });
  response.addTrailers(answered.trailer);
  if (answered.body === undefined) response.end();
  else writeWhole(answered.body, response, options);
}

interface Answered {
  readonly header: Record<string, string>;
  readonly trailer: Record<string, string>;
  readonly body?: Buffer;
}

function successOf({ method }: UnaryCall, { header, trailer, message }: UnaryResponse): Answered {
  return {
    header: Object.fromEntries(header),
    trailer: { ...Object.fromEntries(trailer), "grpc-status": "0" },
    body: grpcEnvelope(method.desc.output, message),
  };
}

function failureOf(error: unknown): Answered {
  const trailer = new Headers();
  setTrailerStatus(trailer, error instanceof ConnectError ? error : toConnectError(toManagerError(error)));
  plainGrpcMessage(trailer);
  return { header: {}, trailer: Object.fromEntries(trailer) };
}

function writeWhole(bytes: Buffer, response: Http2ServerResponse, { unread }: LeanGrpcOptions): void {
  const answer = unread.open(response);
  if (bytes.length <= maxWholeBytes) {
    answer.add(bytes.length);
    response.end(bytes);
    return;
  }
  // Whose caller leaves ends with an error that nobody has to know of.
  pipeline(pacedBody([bytes], { answer, streams: false }), response, () => {});
}

/** What was read of a body, and what was not. */
async function* chunksOf(read: readonly Buffer[], rest: AsyncIterable<Buffer> | [] = []): AsyncGenerator<Buffer> {
  yield* read;
  yield* rest;
}
