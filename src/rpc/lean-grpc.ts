import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor, type UnaryResponse } from "@connectrpc/connect";
import { parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { toManagerError } from "../errors.ts";
import { CallWait, type FarDeadlines } from "../fleet/call-wait.ts";
import { toConnectError } from "./connect-error.ts";
import { callerLeft } from "./deadline-interceptor.ts";
import { envelopeBytes, grpcEnvelope } from "./grpc-envelope.ts";
import { plainGrpcMessage } from "./grpc-message.ts";
import { invokeUnary, type UnaryCall } from "./invoke-unary.ts";
import { leaveBody, type ReadBefore } from "./node-body.ts";
import { requestHeaders } from "./request-headers.ts";
import type { StreamHandler } from "./stream-handler.ts";
import { timeoutLeft } from "./timeout-header.ts";
import type { UnaryMethod } from "./unary-methods.ts";
import type { UnreadAnswers } from "./unread-answers.ts";
import { joined, readBody } from "./whole-body.ts";
import { endWhole } from "./write-whole.ts";

export interface LeanGrpcOptions {
  readonly methods: ReadonlyMap<string, UnaryMethod>;
  readonly interceptors: readonly Interceptor[];
  readonly maxRequestBytes: number;
  readonly recursionLimit: number;
  readonly unread: UnreadAnswers;
  readonly farDeadlines: FarDeadlines;
}

interface Exchange {
  readonly method: UnaryMethod;
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Leaves the request to the RPC library. */
  readonly next: () => void;
  /** When the request's headers came: the deadline counts from there. */
  readonly sinceMs: number;
}

const contentType = "application/grpc+proto";

/**
 * Unary RPCs by gRPC, for the requests that clients send nearly always: binary, whole, not compressed. The RPC library's
 * pipeline of async iterables costs several times more for them, and so do the request and response that Node makes of a
 * stream. Whatever is not just so (an envelope that is none, bytes that are no such message, too many of them) goes to
 * the library, with what was read of it, so that both have one behaviour.
 */
export function leanGrpc(options: LeanGrpcOptions): StreamHandler {
  return (stream, headers, next) => {
    const method = isPlainGrpc(headers) ? options.methods.get(headers[":path"] ?? "") : undefined;
    if (method === undefined) return false;
    const exchange = { method, stream, headers, next, sinceMs: performance.now() };
    readBody(stream, {
      maxBytes: options.maxRequestBytes + envelopeBytes,
      onRead: (read) => {
        // Its caller left in the middle.
        if (stream.destroyed) return;
        const call = read.whole ? callOf(joined(read.chunks), exchange, options) : undefined;
        if (call === undefined) handOver(exchange, read);
        else answer(call, exchange, options).catch(() => stream.destroy());
      },
      onLeft: () => {},
    });
    return true;
  };
}

function isPlainGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  const encoding = headers["grpc-encoding"];
  return (
    headers[":method"] === "POST" &&
    (type === "application/grpc" || type === contentType) &&
    (encoding === undefined || encoding === "identity")
  );
}

function handOver({ stream, next }: Exchange, read: ReadBefore): void {
  leaveBody(stream, read);
  next();
}

/** Undefined for what is not just one message and a deadline that gRPC knows. */
function callOf(
  body: Buffer,
  { method, stream, headers, sinceMs }: Exchange,
  { recursionLimit, farDeadlines }: LeanGrpcOptions,
): UnaryCall | undefined {
  if (body.length < envelopeBytes || body[0] !== 0 || body.readUInt32BE(1) !== body.length - envelopeBytes) return;
  const header = requestHeaders(headers, stream.session?.socket);
  const timeout = parseTimeout(header.get("grpc-timeout"), Number.POSITIVE_INFINITY);
  if (timeout.error !== undefined) return;
  const timeoutMs = timeoutLeft(timeout.timeoutMs, sinceMs);
  try {
    const message = fromBinary(method.desc.input, body.subarray(envelopeBytes), { recursionLimit });
    return { method, message, header, timeoutMs, protocolName: "grpc", wait: new CallWait(farDeadlines) };
  } catch {
    return;
  }
}

async function answer(call: UnaryCall, { stream }: Exchange, options: LeanGrpcOptions): Promise<void> {
  const { wait } = call;
  const onClose = () => wait.abort(callerLeft());
  stream.once("close", onClose);
  let answered: Answered;
  try {
    answered = successOf(call, await invokeUnary(call, options.interceptors));
  } catch (error) {
    answered = failureOf(error);
  }
  wait.end();
  stream.off("close", onClose);
  // The caller may be gone: nothing to write to then.
  if (stream.destroyed) return;
  const { header, trailer, body } = answered;
  header["content-type"] = contentType;
  stream.respond(header, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers(trailer));
  if (body === undefined) stream.end();
  else endWhole(body, { to: stream, answer: options.unread.open(stream) });
}

interface Answered {
  readonly header: OutgoingHttpHeaders;
  readonly trailer: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

function successOf({ method }: UnaryCall, { header, trailer, message }: UnaryResponse): Answered {
  const outgoing = Object.fromEntries(trailer);
  outgoing["grpc-status"] = "0";
  return {
    header: Object.fromEntries(header),
    trailer: outgoing,
    body: grpcEnvelope(method.desc.output, message),
  };
}

function failureOf(error: unknown): Answered {
  const trailer = new Headers();
  setTrailerStatus(trailer, error instanceof ConnectError ? error : toConnectError(toManagerError(error)));
  plainGrpcMessage(trailer);
  return { header: {}, trailer: Object.fromEntries(trailer) };
}
