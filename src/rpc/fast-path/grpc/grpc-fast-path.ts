import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { parseTimeout } from "@connectrpc/connect/protocol-grpc";
import { toManagerError } from "../../../base/errors/errors.ts";
import type { Log } from "../../../base/log/log.ts";
import type { CallContext, OpenCall } from "../../../operations/call-context.ts";
import { connectionOf } from "../../../server/connections/connection-of.ts";
import type { StreamHandler } from "../../../server/handlers/node-handler.ts";
import { discardRestOf } from "../../../server/requests/discard-rest.ts";
import { leaveBody, type ReadBefore } from "../../../server/requests/node-body.ts";
import { readBody } from "../../../server/requests/whole-body.ts";
import { refuseManyFields, requestBinary } from "../../bounds/request-fields.ts";
import { handCall } from "../../call/handed-call.ts";
import type { RpcRequest } from "../../call/rpc-call.ts";
import type { RpcMethod } from "../../call/rpc-methods.ts";
import { requestHeaders } from "../../headers/request-headers.ts";
import { HandOverTurns } from "../hand-over-turns.ts";
import { envelopeBytes } from "./grpc-envelope.ts";
import {
  failureTrailer,
  type GrpcResponder,
  type GrpcResponderOptions,
  grpcContentType,
  respondGrpc,
} from "./grpc-response.ts";
import { streamResponder } from "./stream-response.ts";
import { unaryResponder } from "./unary-response.ts";

export interface GrpcFastPathOptions extends GrpcResponderOptions {
  readonly methods: ReadonlyMap<string, RpcMethod>;
  readonly maxRequestBytes: number;
  readonly openCall: OpenCall;
  readonly log: Log;
}

interface Exchange {
  readonly input: DescMessage;
  readonly respond: GrpcResponder;
  readonly stream: ServerHttp2Stream;
  readonly path: string;
  readonly header: Headers;
  readonly call: CallContext;
  /** Leaves the request to the RPC library. */
  readonly next: () => void;
  readonly turns: HandOverTurns;
}

/**
 * RPCs by gRPC, unary or with a stream of responses, for the requests that clients send nearly always: binary, whole,
 * not compressed. The RPC library's pipeline of async iterables, with the request and response that Node makes of a
 * stream, takes several times as long (bench/README.md, micro). Anything else (a bad envelope, bytes that can't be
 * decoded, an oversized message, too many values) goes to the library, with what was read of it, so that both have one
 * behaviour.
 */
export function grpcFastPath(options: GrpcFastPathOptions): StreamHandler {
  const turns = new HandOverTurns();
  const routes = new Map([...options.methods].map(([path, method]) => [path, routeOf(method, options)]));
  return (stream, headers, next) => {
    const path = headers[":path"] ?? "";
    const route = isPlainGrpc(headers) ? routes.get(path) : undefined;
    if (route === undefined) return false;
    const header = requestHeaders(headers);
    const { timeoutMs, error } = parseTimeout(header.get("grpc-timeout"), Number.POSITIVE_INFINITY);
    if (error !== undefined) return false;
    const call = options.openCall({ headers: header, connection: connectionOf(stream), timeoutMs });
    read({ ...route, stream, path, header, call, next, turns }, options);
    return true;
  };
}

/** Reads the request and responds to it. */
function read(exchange: Exchange, options: GrpcFastPathOptions): void {
  const { respond, stream, call } = exchange;
  const { wait } = call;
  const stop = readBody(stream, {
    maxBytes: options.maxRequestBytes + envelopeBytes,
    unsent: options.budget.watch(stream),
    onRead: (read) => {
      wait.removeEventListener("abort", onLate);
      // The caller left before its request was whole: a stream that is reset ends before it is destroyed.
      if (stream.destroyed || stream.closed) {
        wait.end();
        return;
      }
      const request = read.whole ? requestOf(read.bytes, exchange) : undefined;
      if (request === undefined) handOver(exchange, read);
      else respond(request, stream).catch((error: unknown) => notReached(exchange, { error, log: options.log }));
    },
    onLeft: () => wait.end(),
  });
  const onLate = () => {
    stop();
    refuseLate(exchange);
  };
  if (!call.hasDeadline) return;
  if (wait.aborted) onLate();
  else wait.addEventListener("abort", onLate);
}

function routeOf(method: RpcMethod, options: GrpcFastPathOptions): Pick<Exchange, "input" | "respond"> {
  const respond = method.kind === "unary" ? unaryResponder(method, options) : streamResponder(method, options);
  return { input: method.desc.input, respond };
}

function isPlainGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  const encoding = headers["grpc-encoding"];
  return (
    headers[":method"] === "POST" &&
    (type === "application/grpc" || type === grpcContentType) &&
    (encoding === undefined || encoding === "identity") &&
    // The client waits for `100 Continue`, which Node sends for a request.
    headers.expect === undefined
  );
}

/** The caller's deadline passed before its request was whole. */
function refuseLate({ stream, call }: Exchange): void {
  const error = toManagerError(call.wait.reason).with({ delivery: "not_sent" });
  respondGrpc(stream, { header: undefined, trailer: () => failureTrailer(error) });
  discardRestOf(stream);
  stream.end();
}

/** The response already has what the method threw. This error is about writing the response. */
function notReached({ stream, path }: Exchange, { error, log }: { error: unknown; log: Log }): void {
  log.debug("a response did not reach its caller", { path, error: String(error) });
  stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

function handOver({ stream, call, next, turns }: Exchange, read: ReadBefore): void {
  leaveBody(stream, read);
  handCall(stream, call);
  turns.take(() => {
    if (stream.destroyed || stream.closed) call.wait.end();
    else next();
  });
}

/** Undefined unless the bytes are exactly one message. */
function requestOf(body: Buffer, { input, header, call }: Exchange): RpcRequest | undefined {
  if (body.length < envelopeBytes || body[0] !== 0 || body.readUInt32BE(1) !== body.length - envelopeBytes) return;
  const bytes = body.subarray(envelopeBytes);
  try {
    refuseManyFields(input, bytes);
    const message = fromBinary(input, bytes, requestBinary);
    return { message, header, protocolName: "grpc", call };
  } catch {
    return;
  }
}
