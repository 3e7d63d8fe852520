import { type ConnectRouter, createContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { toManagerError } from "../base/errors/errors.ts";
import type { Log } from "../base/log/log.ts";
import type { CallContext, OpenCall } from "../operations/call-context.ts";
import { connectionOf } from "../server/connections/connection-of.ts";
import type { Mount, NodeRequest, NodeResponse } from "../server/handlers/node-handler.ts";
import { bodyOf } from "../server/requests/node-body.ts";
import { pacedBody } from "../server/responses/paced-body.ts";
import type { Transfer, TransferBudget } from "../server/responses/transfer-budget.ts";
import { refuseCostlyText } from "./bounds/costly-json.ts";
import { refuseManyFields } from "./bounds/request-fields.ts";
import { withCall } from "./call/call-key.ts";
import { handedCall } from "./call/handed-call.ts";
import type { OperationOf } from "./call/service-operations.ts";
import { countAt } from "./call/transfer-rest.ts";
import { type MessageReading, wholeMessages } from "./call/whole-messages.ts";
import { toConnectError } from "./errors/connect-error.ts";
import { plainGrpcMessage } from "./errors/grpc-message.ts";
import { clampTimeout } from "./headers/timeout-header.ts";
import { keptJsonBody, keptJsonQuery } from "./json/request-body.ts";

type LibraryMethod = ConnectRouter["handlers"][number];

export type RefuseRpc = (
  status: number,
  exchange: { request: NodeRequest; response: NodeResponse; allowedMethods: readonly string[] },
) => void;

/**
 * Hands Node's requests on to the RPC library. The library's own adapter prints a stack to stderr for every caller that
 * leaves, and treats a deadline beyond what a timer can hold as passed.
 */
export function nodeAdapter(options: {
  readonly router: ConnectRouter;
  /** Responds to a request for an RPC that no protocol takes, with this HTTP status. */
  readonly refuse: RefuseRpc;
  readonly maxRequestBytes: number;
  readonly budget: TransferBudget;
  readonly operationOf: OperationOf;
  readonly openCall: OpenCall;
  readonly log: Log;
}): Mount {
  const methods = new Map(options.router.handlers.map((method) => [method.requestPath, method]));
  return (request, response) => {
    const method = methods.get(request.url?.split("?", 1)[0] ?? "");
    if (method === undefined) return false;
    // The library stops listening when the response closes. A request that waits behind another on its connection may
    // fail after that, and an error without a listener would end the process.
    request.on("error", () => {});
    // The response already has what the method threw. This error is about writing the response.
    respond(method, { ...options, request, response }).catch((error: unknown) => {
      options.log.debug("a response did not reach its caller", { method: method.method.name, error: String(error) });
      // The caller must not wait for the rest.
      response.destroy();
    });
    return true;
  };
}

async function respond(
  method: LibraryMethod,
  options: {
    request: NodeRequest;
    response: NodeResponse;
    refuse: RefuseRpc;
    maxRequestBytes: number;
    budget: TransferBudget;
    operationOf: OperationOf;
    openCall: OpenCall;
  },
): Promise<void> {
  const { request, response, refuse, maxRequestBytes, budget, operationOf, openCall } = options;
  // The body of a stream of requests is not kept in memory, so it is not counted. Counted until the response closes at
  // most: the library does not always end the reading of a body that it refuses.
  const isKept = method.method.methodKind === "unary" || method.method.methodKind === "server_streaming";
  const unsent = isKept ? budget.open(response) : undefined;
  const reading = { maxBytes: maxRequestBytes, ...countedMessages(request.headers["content-type"] ?? "", method) };
  const body = request.method === "GET" ? {} : { body: wholeMessages(bodyOf(request, unsent), reading) };
  const universal = { ...universalRequestFromNodeRequest(request, response, undefined, undefined), ...body };
  clampTimeout(universal.header);
  using call = callFor(request, { headers: universal.header, openCall });
  const kept = withKeptJson(universal, method);
  const transfer = budget.open(response);
  const contextValues = countAt(withCall(kept.contextValues ?? createContextValues(), call), transfer);
  const libraryResponse = await method({ ...kept, contextValues });
  const counted = operationOf(method.method).mayLag ? undefined : transfer;
  // Without a body: the library found no protocol for this method, content type or version.
  if (libraryResponse.body === undefined && libraryResponse.status >= 400)
    refuse(libraryResponse.status, { request, response, allowedMethods: method.allowedMethods });
  else await universalResponseToNodeResponse(paced(withPlainMessage(libraryResponse), { method, counted }), response);
}

/** One that a fast path opened and left to the library, or a new one, whose deadline the library enforces. */
function callFor(
  request: NodeRequest,
  { headers, openCall }: { readonly headers: Headers; readonly openCall: OpenCall },
): CallContext {
  const connection = connectionOf(request);
  return handedCall(request) ?? openCall({ headers, connection, timeoutMs: timeoutOf(headers), enforced: false });
}

/** The deadline of a request by any of the library's protocols, in milliseconds. Undefined: it has no valid one. */
function timeoutOf(headers: Headers): number | undefined {
  const isGrpc = /^application\/grpc/i.test(headers.get("content-type") ?? "");
  const { timeoutMs } = isGrpc
    ? parseGrpcTimeout(headers.get("grpc-timeout"), Number.POSITIVE_INFINITY)
    : parseConnectTimeout(headers.get("connect-timeout-ms"), Number.POSITIVE_INFINITY);
  return timeoutMs;
}

/** How messages of a content type that the library takes are counted before it makes anything of them. */
function countedMessages(type: string, { method }: LibraryMethod): Pick<MessageReading, "enveloped" | "check"> {
  const json = /json/i.test(type);
  return {
    enveloped: /^application\/(?:connect|grpc)/i.test(type),
    check: (message) => {
      try {
        if (json) refuseCostlyText(method.input, message);
        else refuseManyFields(method.input, message);
      } catch (error) {
        throw toConnectError(toManagerError(error));
      }
    },
  };
}

function paced(
  libraryResponse: UniversalServerResponse,
  { method, counted }: { method: LibraryMethod; counted: Transfer | undefined },
): UniversalServerResponse {
  const { body } = libraryResponse;
  if (body === undefined || counted === undefined) return libraryResponse;
  const streams = method.method.methodKind !== "unary";
  return { ...libraryResponse, body: pacedBody(body, { transfer: counted, streams }) };
}

/** The trailers are complete when the body is. */
function withPlainMessage(libraryResponse: UniversalServerResponse): UniversalServerResponse {
  const { body, trailer } = libraryResponse;
  if (body === undefined || trailer === undefined) return libraryResponse;
  const whole = async function* () {
    yield* body;
    plainGrpcMessage(trailer);
  };
  return { ...libraryResponse, body: whole() };
}

/** JSON is kept while it is being read, so that an error about it can name the field. */
function withKeptJson(universal: UniversalServerRequest, { method }: LibraryMethod): UniversalServerRequest {
  if (universal.method === "GET") {
    const url = new URL(universal.url);
    const json = url.searchParams.get("encoding") === "json";
    return json ? { ...universal, contextValues: keptJsonQuery(url) } : universal;
  }
  const type = universal.header.get("content-type") ?? "";
  const json = /^application\/((?:connect|grpc|grpc-web)\+)?json\b/i.exec(type);
  const oneMessage = method.methodKind === "unary" || method.methodKind === "server_streaming";
  if (json === null || !oneMessage || !(Symbol.asyncIterator in Object(universal.body))) return universal;
  const body = universal.body as AsyncIterable<Uint8Array>;
  return { ...universal, ...keptJsonBody(body, { streams: json[1] !== undefined, input: method.input }) };
}
