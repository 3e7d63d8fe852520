import { Agent } from "node:http";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import {
  type CallToolResponse,
  type CallToolStreamResponse,
  ManagerService,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import type { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { type CallFailure, failureOfConnect } from "./call-failure.ts";
import { grpcJsClient } from "./grpc-js-client.ts";
import { restClient } from "./rest-client.ts";
import { resultOfStream, type StreamEvent } from "./streamed-result.ts";

/** A call of a tool, in the JSON spelling that all clients share. */
export interface ToolRequest {
  readonly server: string;
  readonly tool: string;
  readonly argumentsJson: string;
  readonly metaJson: string;
  readonly resultFormat: ResultFormat;
  readonly idempotencyKey?: string;
}

/** The same, by CallToolStream. */
export interface StreamRequest extends ToolRequest {
  readonly maxMessageBytes: number;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
}

/** What a call answered: the first text block, or the result's JSON text. */
export interface SoakResult {
  readonly text: string;
  readonly isError: boolean;
  /** What was wrong with the stream that it came by. */
  readonly problem?: string;
}

/** One client of the manager; what it throws, `failureOf` reads. */
export interface SoakClient extends Disposable {
  readonly kind: string;
  callTool(request: ToolRequest, options: CallOptions): Promise<SoakResult>;
  callToolStream(request: StreamRequest, options: CallOptions): Promise<SoakResult>;
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
    callTool: async (request: ToolRequest, options: CallOptions) =>
      resultOf(await client.callTool(withInput(request), given(options))),
    callToolStream: (request: StreamRequest, options: CallOptions) =>
      resultOfStream(streamEvents(client.callToolStream(withInput(request), given(options)))),
    listTools: async (server: string, options: CallOptions) =>
      (await client.listTools({ server }, given(options))).tools.length,
    failureOf: failureOfConnect,
    [Symbol.dispose]: close,
  };
}

function withInput<T extends ToolRequest>({ argumentsJson: value, ...request }: T) {
  return { ...request, input: { case: "argumentsJson", value } as const };
}

function resultOf({ content, resultJson, isError }: CallToolResponse): SoakResult {
  const block = content[0]?.kind;
  return { text: resultJson || (block?.case === "text" ? block.value.text : ""), isError };
}

async function* streamEvents(responses: AsyncIterable<CallToolStreamResponse>): AsyncGenerator<StreamEvent> {
  for await (const { event } of responses) {
    if (event.case === "result") yield { kind: "result", result: resultOf(event.value) };
    else if (event.case === "resultChunk") {
      yield { kind: "chunk", text: event.value.resultJson, last: event.value.last };
    } else yield { kind: "meanwhile" };
  }
}

function given({ signal, timeoutMs }: CallOptions) {
  return timeoutMs === undefined ? { signal } : { signal, timeoutMs };
}
