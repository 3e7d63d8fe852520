import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { fromBinary, type Message } from "@bufbuild/protobuf";
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
import type { UnaryMethod } from "./unary-methods.ts";
import type { UnreadAnswers } from "./unread-answers.ts";
import { joined } from "./whole-body.ts";
import { endWhole } from "./write-whole.ts";

export interface LeanGrpcOptions {
  readonly methods: ReadonlyMap<string, UnaryMethod>;
  readonly interceptors: readonly Interceptor[];
  readonly maxRequestBytes: number;
  readonly recursionLimit: number;
  readonly unread: UnreadAnswers;
  readonly farDeadlines: FarDeadlines;
}

interface GrpcMethod extends UnaryMethod {
  readonly envelope: (answer: Message) => Buffer;
}

interface Exchange {
  readonly method: GrpcMethod;
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
  const methods = new Map(
    [...options.methods].map(([path, method]) => [path, { ...method, envelope: grpcEnvelope(method.desc.output) }]),
  );
  return (stream, headers, next) => {
    const method = isPlainGrpc(headers) ? methods.get(headers[":path"] ?? "") : undefined;
    if (method === undefined) return false;
    const exchange = { method, stream, headers, next, sinceMs: performance.now() };
    readBody(exchange, options.maxRequestBytes, (body) => {
      const call = callOf(body, exchange, options);
      if (call === undefined) handOver(exchange, { chunks: [body], whole: true });
      else answer(call, exchange, options).catch(() => stream.destroy());
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

/**
 * Hands on the whole body; what is larger than may be goes to the library, as soon as it is. Its listeners go: Node's
 * tables keep streams that have closed, with all that they hold on to, until the next great collection.
 */
function readBody(exchange: Exchange, maxRequestBytes: number, whole: (body: Buffer) => void): void {
  const { stream } = exchange;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= maxRequestBytes + envelopeBytes) return;
    stream.off("data", onData).off("end", onEnd).pause();
    handOver(exchange, { chunks, whole: false });
  };
  const onEnd = () => {
    stream.off("data", onData).off("end", onEnd);
    // Its caller left in the middle.
    if (stream.destroyed) return;
    whole(joined(chunks));
  };
  stream.on("error", ignoreError).on("data", onData).on("end", onEnd);
}

/** A caller that leaves is told nothing. */
function ignoreError(): void {}

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
  const { timeoutMs } = timeout;
  const restMs = timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - sinceMs);
  try {
    const message = fromBinary(method.desc.input, body.subarray(envelopeBytes), { recursionLimit });
    return { method, message, header, timeoutMs: restMs, protocolName: "grpc", wait: new CallWait(farDeadlines) };
  } catch {
    return;
  }
}

async function answer(call: UnaryCall, { method, stream }: Exchange, options: LeanGrpcOptions): Promise<void> {
  const { wait } = call;
  const onClose = () => wait.abort(callerLeft());
  stream.on("close", onClose);
  let answered: Answered;
  try {
    answered = successOf(method, await invokeUnary(call, options.interceptors));
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

function successOf({ envelope }: GrpcMethod, { header, trailer, message }: UnaryResponse): Answered {
  const outgoing = Object.fromEntries(trailer);
  outgoing["grpc-status"] = "0";
  return {
    header: Object.fromEntries(header),
    trailer: outgoing,
    body: envelope(message),
  };
}

function failureOf(error: unknown): Answered {
  const trailer = new Headers();
  setTrailerStatus(trailer, error instanceof ConnectError ? error : toConnectError(toManagerError(error)));
  plainGrpcMessage(trailer);
  return { header: {}, trailer: Object.fromEntries(trailer) };
}
