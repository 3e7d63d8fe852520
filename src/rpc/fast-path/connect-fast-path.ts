import { isUtf8 } from "node:buffer";
import type { OutgoingHttpHeaders } from "node:http";
import { type DescMessage, fromJson, type Message, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type UnaryResponse } from "@connectrpc/connect";
import { mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  errorToJson,
  parseTimeout,
} from "@connectrpc/connect/protocol-connect";
import { invalidRequest, toManagerError } from "../../base/errors/errors.ts";
import { roundedNumber } from "../../json/inexact-number.ts";
import { repeatedMember } from "../../json/repeated-member.ts";
import type { CallContext, OpenCall } from "../../operations/call-context.ts";
import { callerLeft } from "../../operations/call-end.ts";
import { connectionOf } from "../../server/connections/connection-of.ts";
import type { Mount, NodeRequest, NodeResponse } from "../../server/handlers/node-handler.ts";
import { leaveBody, type ReadBefore } from "../../server/requests/node-body.ts";
import { bodyRead } from "../../server/requests/whole-body.ts";
import type { TransferBudget } from "../../server/responses/transfer-budget.ts";
import { isGone, writeWhole } from "../../server/responses/write-whole.ts";
import { refuseCostlyJson } from "../bounds/costly-json.ts";
import { refuseManyValues } from "../bounds/request-values.ts";
import { handCall } from "../call/handed-call.ts";
import { invokeUnary, type UnaryCall } from "../call/invoke-unary.ts";
import type { RpcMethod, UnaryMethod } from "../call/rpc-methods.ts";
import type { OperationOf } from "../call/service-operations.ts";
import { addMissingDetails, toConnectError } from "../errors/connect-error.ts";
import { requestHeaders } from "../headers/request-headers.ts";
import { entriesOf, ResponseHeaders } from "../headers/response-headers.ts";
import { jsonViolation, repeatedField, requestJson, roundedField } from "../json/json-problem.ts";
import { refuseLooseJson } from "../json/loose-json.ts";
import { parsed } from "../json/request-body.ts";
import { HandOverTurns } from "./hand-over-turns.ts";

export interface ConnectFastPathOptions {
  readonly methods: ReadonlyMap<string, RpcMethod>;
  readonly interceptors: readonly Interceptor[];
  readonly maxRequestBytes: number;
  readonly operationOf: OperationOf;
  readonly budget: TransferBudget;
  readonly openCall: OpenCall;
  /** The RPC library, which takes every RPC. */
  readonly next: Mount;
}

interface Exchange {
  readonly method: UnaryMethod;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly header: Headers;
  readonly call: CallContext;
  readonly turns: HandOverTurns;
}

/**
 * Unary RPCs by Connect with JSON, for the requests that clients send nearly always: a POST that is whole, not
 * compressed, and a valid message. Any other request goes to the RPC library, with what was read of it, so that both
 * have one behaviour.
 */
export function connectFastPath(options: ConnectFastPathOptions): Mount {
  const { methods, maxRequestBytes, next } = options;
  const turns = new HandOverTurns();
  return (request, response) => {
    const method = isPlainConnect(request, maxRequestBytes) ? methods.get(request.url ?? "") : undefined;
    if (method?.kind !== "unary") return next(request, response);
    const header = requestHeaders(request.headers);
    const { timeoutMs, error } = parseTimeout(header.get("connect-timeout-ms"), Number.POSITIVE_INFINITY);
    if (error !== undefined) return next(request, response);
    const call = options.openCall({ headers: header, connection: connectionOf(request), timeoutMs });
    // When a response can't be written, no caller is there to get the error.
    take({ method, request, response, header, call, turns }, options).catch(() => response.destroy());
    return true;
  };
}

/** Reads the request, and answers it or leaves it to the library. */
async function take(exchange: Exchange, options: ConnectFastPathOptions): Promise<void> {
  const { request, response } = exchange;
  const { wait } = exchange.call;
  const { maxRequestBytes: maxBytes, budget, next } = options;
  let read: ReadBefore;
  try {
    read = await bodyRead(request, { maxBytes, unsent: budget.watch(response), signal: wait });
  } catch (error) {
    wait.end();
    // Its caller has left, or set a deadline that has passed.
    if (!isGone(response)) write(outgoingError(undefined, error), { response, budget });
    return;
  }
  let call: UnaryCall | undefined;
  try {
    // A connection that closed in the same turn as the body's end has reported it by now: no call begins for a caller
    // that has left.
    call = read.whole && !isGone(response) ? unaryCallOf(read.bytes, exchange) : undefined;
  } catch (error) {
    wait.end();
    return write(outgoingError(undefined, error), { response, budget });
  }
  if (call !== undefined) return respond(call, exchange, options);
  leaveBody(request, read);
  handCall(request, exchange.call);
  exchange.turns.take(() => {
    if (isGone(response)) wait.end();
    else next(request, response);
  });
}

function isPlainConnect({ method, headers }: NodeRequest, maxBytes: number): boolean {
  const type = headers["content-type"];
  const encoding = headers["content-encoding"];
  const length = headers["content-length"];
  return (
    method === "POST" &&
    (type === contentTypeUnaryJson || type === "application/json; charset=utf-8") &&
    (encoding === undefined || encoding === "identity") &&
    // What says that it is too large is refused before it is read.
    (length === undefined || Number(length) <= maxBytes)
  );
}

/** As messageOf. */
function unaryCallOf(body: Buffer, { method, header, call }: Exchange): UnaryCall | undefined {
  const message = messageOf(method.desc.input, body);
  if (message === undefined) return undefined;
  const response = { header: new ResponseHeaders(), trailer: new ResponseHeaders() };
  return { method, message, header, protocolName: "connect", call, response };
}

/**
 * Undefined for text that is not JSON: the library reports that. Throws `invalid` for a value that the message does not
 * allow, as the library does, which would have to read all of it once more.
 */
function messageOf(input: DescMessage, body: Buffer): Message | undefined {
  if (!isUtf8(body)) throw invalidRequest([{ field: "body", description: "is not UTF-8" }]);
  refuseManyValues([body]);
  const text = body.toString();
  const json = parsed(text);
  if (json === undefined) return undefined;
  refuseCostlyJson(input, json, { bytes: body.length });
  refuseLooseJson(input, json);
  const repeated = repeatedMember(text, json);
  if (repeated !== undefined) throw invalidRequest([repeatedField(input, repeated)]);
  const rounded = roundedNumber(text);
  if (rounded !== undefined) throw invalidRequest([roundedField(input, rounded)]);
  try {
    return fromJson(input, json, requestJson);
  } catch {
    throw invalidRequest([jsonViolation(input, json)]);
  }
}

async function respond(call: UnaryCall, exchange: Exchange, options: ConnectFastPathOptions): Promise<void> {
  const { response } = exchange;
  const { wait } = exchange.call;
  const onClose = () => wait.abort(callerLeft());
  response.once("close", onClose);
  let outcome: Outgoing;
  try {
    outcome = outgoingMessage(call, await invokeUnary(call, options.interceptors), options);
  } catch (error) {
    outcome = outgoingError(call.response, error);
  }
  wait.end();
  response.off("close", onClose);
  // The caller may be gone: nothing to write to then.
  if (isGone(response)) return;
  write(outcome, { response, budget: options.budget });
}

function write(
  { status, header, text }: Outgoing,
  { response, budget }: { readonly response: NodeResponse; readonly budget: TransferBudget },
): void {
  writeWhole(text, { response, status, header, budget });
}

interface Outgoing {
  readonly status: number;
  readonly header: OutgoingHttpHeaders;
  readonly text: string;
}

function outgoingMessage(
  { method: { desc } }: UnaryCall,
  { header, trailer, message }: UnaryResponse,
  { operationOf }: ConnectFastPathOptions,
): Outgoing {
  try {
    return { status: 200, header: outgoing(header, trailer), text: toJsonString(desc.output, message) };
  } catch (cause) {
    const error = ConnectError.from(cause, Code.Internal);
    addMissingDetails(error, { begun: operationOf(desc).reachesServer });
    throw error;
  }
}

function outgoingError(response: UnaryCall["response"], cause: unknown): Outgoing {
  const error = cause instanceof ConnectError ? cause : toConnectError(toManagerError(cause));
  const { header = new Headers(), trailer = new Headers() } = response ?? {};
  header.set("content-type", contentTypeUnaryJson);
  mergeNonProtocolHeaders(header, error.metadata);
  const text = JSON.stringify(errorToJson(error, undefined));
  return { status: codeToHttpStatus(error.code), header: outgoing(header, trailer), text };
}

/** Trailers are headers in Connect, by another name. */
function outgoing(header: Headers, trailer: Headers): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { "content-type": contentTypeUnaryJson };
  const cookies: string[] = [];
  for (const [name, value] of entriesOf(header)) {
    if (name === "set-cookie") cookies.push(value);
    else headers[name] = value;
  }
  for (const [name, value] of entriesOf(trailer)) headers[`trailer-${name}`] = value;
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  return headers;
}
