import { Agent } from "node:http";
import { fileURLToPath } from "node:url";
import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import type { ResultFormat } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { type CallFailure, failureOfConnect, failureOfStatus, type StatusJson } from "./call-failure.ts";

/** A call of a tool, in the JSON spelling that all clients share. */
export interface ToolRequest {
  readonly server: string;
  readonly tool: string;
  readonly argumentsJson: string;
  readonly metaJson: string;
  readonly resultFormat: ResultFormat;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
}

/** What a call answered: the first text block, or the result's JSON text. */
export interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

/** One client of the manager; what it throws, `failureOf` reads. */
export interface SoakClient extends Disposable {
  readonly kind: string;
  callTool(request: ToolRequest, options: CallOptions): Promise<Answer>;
  /** The number of tools. */
  listTools(server: string, options: CallOptions): Promise<number>;
  failureOf(error: unknown): CallFailure;
}

/** Every kind of client, each opened anew. */
export const clientKinds: readonly ((port: number) => SoakClient)[] = [
  grpcClient,
  grpcJsClient,
  restClient,
  (port) => overHttp1("gRPC-Web", (node) => createGrpcWebTransport({ baseUrl: urlOf(port), ...node })),
  (port) => overHttp1("Connect JSON", (node) => createConnectTransport({ ...node, baseUrl: urlOf(port), ...asJson })),
  (port) =>
    overHttp2("Connect h2", { port, transport: (node) => createConnectTransport({ ...node, httpVersion: "2" }) }),
];

const asJson = { useBinaryFormat: false };

export function grpcClient(port: number): SoakClient & { readonly client: Client<typeof ManagerService> } {
  return overHttp2("gRPC", { port, transport: createGrpcTransport });
}

type Http2Options = { readonly baseUrl: string; readonly sessionManager: Http2SessionManager };

/** Closing it tears its connection, with the calls on it. */
function overHttp2(kind: string, { port, transport }: { port: number; transport: (node: Http2Options) => Transport }) {
  const baseUrl = urlOf(port);
  const sessionManager = new Http2SessionManager(baseUrl);
  return connectClient(kind, {
    transport: transport({ baseUrl, sessionManager }),
    close: () => sessionManager.abort(),
  });
}

type Http1Options = { readonly httpVersion: "1.1"; readonly nodeOptions: { readonly agent: Agent } };

function overHttp1(kind: string, transport: (node: Http1Options) => Transport) {
  const agent = new Agent({ keepAlive: true });
  const node = { httpVersion: "1.1", nodeOptions: { agent } } as const;
  return connectClient(kind, { transport: transport(node), close: () => agent.destroy() });
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function connectClient(kind: string, { transport, close }: { transport: Transport; close: () => void }) {
  const client = createClient(ManagerService, transport);
  return {
    kind,
    client,
    callTool: async ({ argumentsJson: value, ...request }: ToolRequest, options: CallOptions): Promise<Answer> => {
      const input = { case: "argumentsJson", value } as const;
      const { content, resultJson, isError } = await client.callTool({ ...request, input }, given(options));
      const block = content[0]?.kind;
      return { text: resultJson || (block?.case === "text" ? block.value.text : ""), isError };
    },
    listTools: async (server: string, options: CallOptions) =>
      (await client.listTools({ server }, given(options))).tools.length,
    failureOf: failureOfConnect,
    [Symbol.dispose]: close,
  };
}

function given({ signal, timeoutMs }: CallOptions) {
  return timeoutMs === undefined ? { signal } : { signal, timeoutMs };
}

/** What grpc-js and REST give, with proto3's JSON names. */
interface PlainResult {
  readonly content?: readonly { readonly text?: { readonly text?: string } }[];
  readonly resultJson?: string;
  readonly isError?: boolean;
}

function plainAnswer({ content, resultJson, isError }: PlainResult): Answer {
  return { text: resultJson || (content?.[0]?.text?.text ?? ""), isError: isError ?? false };
}

type Unary = (
  request: object,
  options: { deadline?: number },
  callback: (error: grpc.ServiceError | null, response: unknown) => void,
) => grpc.ClientUnaryCall;

const definition = loadSync("mcpmanager/v1/manager.proto", {
  includeDirs: [fileURLToPath(new URL("../../proto", import.meta.url))],
  longs: String,
  enums: Number,
  oneofs: true,
  defaults: true,
});

function grpcJsClient(port: number): SoakClient {
  const { mcpmanager } = grpc.loadPackageDefinition(definition) as unknown as {
    mcpmanager: { v1: { ManagerService: grpc.ServiceClientConstructor } };
  };
  // After the manager was away: not up to two minutes, which is its default.
  const backoff = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 300 };
  const options = { ...backoff, "grpc.max_receive_message_length": -1 };
  const service = new mcpmanager.v1.ManagerService(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  const methods = service as unknown as Record<string, Unary>;
  const call = (method: string, request: object, { signal, timeoutMs }: CallOptions) =>
    new Promise<unknown>((resolve, reject) => {
      const deadline = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
      const under = methods[method]?.call(service, request, deadline, (error, response) =>
        error ? reject(error) : resolve(response),
      );
      signal.addEventListener("abort", () => under?.cancel(), { once: true });
    });
  return {
    kind: "grpc-js",
    callTool: async (request, options) => plainAnswer((await call("callTool", request, options)) as PlainResult),
    listTools: async (server, options) =>
      ((await call("listTools", { server }, options)) as { tools: unknown[] }).tools.length,
    failureOf: (error) => failureOfConnect(fromGrpcJs(error as grpc.ServiceError)),
    [Symbol.dispose]: () => service.close(),
  };
}

function fromGrpcJs({ code, details, metadata }: grpc.ServiceError): ConnectError {
  const trailer = new Headers({ "grpc-status": String(code) });
  const [bin] = metadata?.get("grpc-status-details-bin") ?? [];
  if (bin !== undefined) trailer.set("grpc-status-details-bin", Buffer.from(bin).toString("base64"));
  const error = findTrailerError(trailer);
  return error !== undefined && bin !== undefined ? error : new ConnectError(details, code as number);
}

class RestError extends Error {
  readonly status: StatusJson;

  constructor(status: StatusJson) {
    super(status.message);
    this.status = status;
  }
}

function restClient(port: number): SoakClient {
  const ask = async (path: string, { signal, timeoutMs }: CallOptions, body?: object) => {
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    if (timeoutMs !== undefined) headers["connect-timeout-ms"] = String(timeoutMs);
    const init =
      body === undefined ? { headers, signal } : { method: "POST", body: JSON.stringify(body), headers, signal };
    const response = await fetch(`${urlOf(port)}${path}`, init);
    const answer = await response.json();
    if (!response.ok) throw new RestError(answer as StatusJson);
    return answer;
  };
  return {
    kind: "REST",
    callTool: async ({ server, ...body }, options) =>
      plainAnswer((await ask(`/servers/${server}/call`, options, body)) as PlainResult),
    listTools: async (server, options) =>
      ((await ask(`/servers/${server}/tools`, options)) as { tools: unknown[] }).tools.length,
    failureOf: (error) =>
      error instanceof RestError
        ? failureOfStatus(error.status)
        : { code: error instanceof Error ? error.name : "unknown", message: messageOf(error) },
    [Symbol.dispose]() {},
  };
}

/** `fetch failed` says nothing; its cause does. */
function messageOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return `${error}${cause === undefined ? "" : `: ${cause}`}`;
}
