import type { EventEmitter } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { type DescMethodServerStreaming, type DescMethodUnary, type Message, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type { AbortSource } from "../base/async/abort-source.ts";
import { ManagerError, toManagerError } from "../base/errors/errors.ts";
import { respondWithError } from "../http/error-response.ts";
import { wrongMethod } from "../http/refusals.ts";
import { refuse } from "../http/refuse.ts";
import { statusJson } from "../http/status-json.ts";
import type { LocalCalls, OpenRequest } from "../rpc/call/local-calls.ts";
import { countAt } from "../rpc/call/transfer-rest.ts";
import { toConnectError } from "../rpc/errors/connect-error.ts";
import { requestHeaders } from "../rpc/headers/request-headers.ts";
import { connectionOf } from "../server/connections/connection-of.ts";
import type { Mount, NodeRequest, NodeResponse } from "../server/handlers/node-handler.ts";
import { pacedBody } from "../server/responses/paced-body.ts";
import type { TransferBudget } from "../server/responses/transfer-budget.ts";
import { isGone, writeWhole } from "../server/responses/write-whole.ts";
import { readJsonBody, refuseBody } from "./json-body.ts";
import { requestMessage } from "./request-json.ts";
import { matchRoutes, type Route, type RouteMatch } from "./routes.ts";

export interface RestOptions {
  /** The service in this process, behind the same interceptors as for every other protocol. */
  readonly calls: LocalCalls;
  readonly maxRequestBytes: number;
  readonly budget: TransferBudget;
}

interface Exchange {
  readonly match: RouteMatch;
  readonly query: URLSearchParams;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
}

/** Serves the routes: finds the RPC, makes its message, calls it, writes its response as JSON, a stream as NDJSON. */
export function restHandler(options: RestOptions): Mount {
  return (request, response) => {
    const { pathname, searchParams } = urlOf(request.url ?? "/");
    const matches = matchRoutes(pathname);
    const match = matches.find(({ route }) => acceptsMethod(route, request.method ?? ""));
    if (matches.length === 0) return false;
    if (match === undefined) {
      const allowed = matches.flatMap(({ route }) => methodsOf(route));
      response.setHeader("allow", allowed.join(", "));
      refuse(wrongMethod(pathname, allowed), { request, response });
      return true;
    }
    const exchange = { match, query: searchParams, request, response };
    call(options, exchange).catch((error: unknown) => writeError(exchange, error));
    return true;
  };
}

/** A request target that is a plain path needs no parsing. */
function urlOf(target: string): Pick<URL, "pathname" | "searchParams"> {
  return plainPath.test(target)
    ? { pathname: target, searchParams: new URLSearchParams() }
    : new URL(`http://rest${target}`);
}

const plainPath = /^(?:\/[A-Za-z0-9_-]+)+$/;

/** A stream has no end, and so no HEAD. */
function methodsOf({ httpMethod, rpc }: Route): string[] {
  return httpMethod === "GET" && rpc.methodKind === "unary" ? ["GET", "HEAD"] : [httpMethod];
}

function acceptsMethod(route: Route, method: string): boolean {
  return methodsOf(route).includes(method);
}

async function call(options: RestOptions, exchange: Exchange): Promise<void> {
  const { match, query, request, response } = exchange;
  const open = options.calls.open(forwarded(request), { leaving: response, connection: connectionOf(request) });
  try {
    const body = await requestBody(exchange, { ...options, signal: open.call.wait });
    // A caller that left in the turn of the body's end is known by now: no call begins for it.
    if (isGone(response)) return;
    const message = requestMessage(match, { query, body });
    const { rpc } = match.route;
    if (rpc.methodKind === "unary") await callUnary(options, { rpc, message, exchange, request: open });
    else await callStream(options, { rpc, message, exchange, request: open });
  } finally {
    open.end();
  }
}

/** Undefined when the route takes no body, or the request has none. */
async function requestBody(
  { match, request, response }: Exchange,
  { maxRequestBytes, budget, signal }: RestOptions & { readonly signal: AbortSource },
) {
  if (match.route.body !== undefined) {
    return readJsonBody(request, { maxRequestBytes, unsent: budget.watch(response), signal });
  }
  await refuseBody(request);
  return undefined;
}

interface Call<Rpc> {
  readonly rpc: Rpc;
  readonly message: Message;
  readonly exchange: Exchange;
  readonly request: OpenRequest;
}

async function callUnary({ calls, budget }: RestOptions, { exchange, ...call }: Call<DescMethodUnary>): Promise<void> {
  const { request, response } = exchange;
  const text = `${json(call.rpc, await calls.unary(call))}\n`;
  // The caller may be gone: nothing to write to then.
  if (isGone(response)) return;
  const type = { "content-type": "application/json" };
  if (request.method === "HEAD") {
    response.writeHead(200, { ...type, "content-length": Buffer.byteLength(text) });
    response.end();
  } else {
    writeWhole(text, { response, status: 200, header: type, budget });
  }
}

/** One event a line; an error after the first line is a last line of its own. */
async function callStream(
  { calls, budget }: RestOptions,
  { exchange, ...call }: Call<DescMethodServerStreaming>,
): Promise<void> {
  const { response } = exchange;
  const { rpc } = call;
  const transfer = budget.open(response);
  const values = countAt(createContextValues(), transfer);
  const lines = ndjson(rpc, calls.stream({ ...call, values }));
  const body = calls.operationOf(rpc).mayLag ? lines : pacedBody(lines, { transfer, streams: true });
  response.setHeader("content-type", "application/x-ndjson");
  await write(body, { response, signal: leftSignal(response) });
  response.end();
}

/** Aborts when the caller leaves, or has its whole response. */
function leftSignal(response: NodeResponse): AbortSignal {
  const left = new AbortController();
  // With a reason of its own: without one, an exception with a stack is made for every response.
  response.once("close", () => left.abort("the exchange is over"));
  return left.signal;
}

/** As fast as the caller reads, and until it leaves. */
async function write(
  body: AsyncIterable<Uint8Array>,
  { response, signal }: { readonly response: NodeResponse; readonly signal: AbortSignal },
): Promise<void> {
  for await (const bytes of body) {
    if (signal.aborted) return;
    if (!response.write(bytes)) await drained(response, signal);
  }
}

/** Resolves when a response takes more, or when its caller has left. Leaves no listener behind. */
export function drained(response: EventEmitter, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    response.off("drain", done);
    signal.removeEventListener("abort", done);
    resolve();
  };
  response.on("drain", done);
  signal.addEventListener("abort", done);
  if (signal.aborted) done();
  return promise;
}

async function* ndjson(rpc: DescMethodServerStreaming, events: AsyncIterable<Message>): AsyncGenerator<Uint8Array> {
  for await (const event of events) yield Buffer.from(`${json(rpc, event)}\n`);
}

function json(rpc: { readonly output: DescMethodUnary["output"] }, message: Message): string {
  return toJsonString(rpc.output, message, { alwaysEmitImplicit: true });
}

/** The caller's own headers reach the interceptors; those of the body that was read here do not. */
function forwarded({ headers }: NodeRequest): Headers {
  const own: IncomingHttpHeaders = {};
  for (const name of Object.keys(headers)) if (!ofTheBody.test(name)) own[name] = headers[name];
  return requestHeaders(own);
}

const ofTheBody = /^(?::|content-|transfer-|accept|connection$|host$|te$|grpc-)/;

function writeError({ request, response }: Exchange, error: unknown): void {
  if (!response.headersSent) {
    const status = statusOf(error);
    respondWithError({ request, response, error, ...(status === undefined ? {} : { status }) });
    return;
  }
  const failure = error instanceof ConnectError ? error : toConnectError(toManagerError(error));
  response.end(`${JSON.stringify({ error: statusJson(failure) })}\n`);
}

/** Where HTTP has a better status than that of the Connect protocol. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof ManagerError && error.details.reason === "UNSUPPORTED_MEDIA_TYPE") return 415;
  // The MCP server's own error: the manager has none.
  return error instanceof ConnectError && error.code === Code.Unknown ? 502 : undefined;
}
