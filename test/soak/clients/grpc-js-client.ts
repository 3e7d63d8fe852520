import { fileURLToPath } from "node:url";
import { ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { failureOfConnect } from "./call-failure.ts";
import type { CallOptions, SoakClient } from "./clients.ts";
import { type PlainEvent, type PlainResult, plainEvents, plainResult } from "./plain-result.ts";
import { resultOfStream } from "./streamed-result.ts";

/** Without a callback: a stream. */
type Method = (
  request: object,
  options: { deadline?: number },
  callback?: (error: grpc.ServiceError | null, response: unknown) => void,
) => grpc.ClientReadableStream<PlainEvent>;

const definition = loadSync("mcpmanager/v1/manager.proto", {
  includeDirs: [fileURLToPath(new URL("../../../proto", import.meta.url))],
  longs: String,
  enums: Number,
  oneofs: true,
  defaults: true,
});

export function grpcJsClient(port: number): SoakClient {
  const { mcpmanager } = grpc.loadPackageDefinition(definition) as unknown as {
    mcpmanager: { v1: { ManagerService: grpc.ServiceClientConstructor } };
  };
  // After the manager was away: not up to two minutes, which is its default.
  const backoff = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 300 };
  const options = { ...backoff, "grpc.max_receive_message_length": -1 };
  const service = new mcpmanager.v1.ManagerService(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  const methods = service as unknown as Record<string, Method>;
  const call = (method: string, request: object, { signal, timeoutMs }: CallOptions) =>
    new Promise<unknown>((resolve, reject) => {
      const under = methods[method]?.call(service, request, deadlineOf(timeoutMs), (error, response) =>
        error ? reject(error) : resolve(response),
      );
      signal.addEventListener("abort", () => under?.cancel(), { once: true });
    });
  const events = (method: string, request: object, { signal, timeoutMs }: CallOptions) => {
    const stream = methods[method]?.call(service, request, deadlineOf(timeoutMs));
    if (stream === undefined) throw new Error(`no method ${method}`);
    signal.addEventListener("abort", () => stream.cancel(), { once: true });
    return stream as AsyncIterable<PlainEvent>;
  };
  return {
    kind: "grpc-js",
    callTool: async (request, options) => plainResult((await call("callTool", request, options)) as PlainResult),
    callToolStream: async (request, options) => resultOfStream(plainEvents(events("callToolStream", request, options))),
    listTools: async (server, options) =>
      ((await call("listTools", { server }, options)) as { tools: unknown[] }).tools.length,
    failureOf: (error) => failureOfConnect(isServiceError(error) ? fromGrpcJs(error) : error),
    [Symbol.dispose]: () => service.close(),
  };
}

function deadlineOf(timeoutMs: number | undefined): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

/** A client that was closed throws something else. */
function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && "details" in error;
}

function fromGrpcJs({ code, details, metadata }: grpc.ServiceError): ConnectError {
  const trailer = new Headers({ "grpc-status": String(code) });
  const [bin] = metadata?.get("grpc-status-details-bin") ?? [];
  if (bin !== undefined) trailer.set("grpc-status-details-bin", Buffer.from(bin).toString("base64"));
  const error = findTrailerError(trailer);
  return error !== undefined && bin !== undefined ? error : new ConnectError(details, code as number);
}
