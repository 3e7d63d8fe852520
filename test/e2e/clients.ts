import { fileURLToPath } from "node:url";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";

/** Any client of the service: plain objects in the JSON spelling in and out, streams as arrays. */
export interface AnyClient extends Disposable {
  call(method: string, request: object): Promise<Record<string, unknown>>;
  stream(method: string, request: object): Promise<Record<string, unknown>[]>;
  /** The events of a stream one by one; leaving the loop cancels it. */
  events(method: string, request: object): AsyncIterable<Record<string, unknown>>;
}

const transports: Record<string, (baseUrl: string) => Transport> = {
  "gRPC (connect)": (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect JSON over HTTP/1.1": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect JSON over HTTP/1.1, GET": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, useHttpGet: true }),
  "Connect binary over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
};

export const clientKinds = ["gRPC (grpc-js)", ...Object.keys(transports)];

/** A field of a oneof, as this kind of client wants it. */
export function oneof(kind: string, name: string, field: Record<string, unknown>): object {
  const [[member, value] = []] = Object.entries(field);
  return kind === "gRPC (grpc-js)" ? field : { [name]: { case: member, value } };
}

export function openClient(kind: string, url: string): AnyClient {
  const transport = transports[kind];
  return transport === undefined ? grpcJsClient(url) : connectClient(transport(url));
}

function connectClient(transport: Transport): AnyClient {
  type Method = (request: object, options?: { signal: AbortSignal }) => unknown;
  const client = createClient(ManagerService, transport) as unknown as Record<string, Method>;
  const invoke = (method: string, request: object, options?: { signal: AbortSignal }) => {
    const name = method[0]?.toLowerCase() + method.slice(1);
    return client[name]?.(request, options);
  };
  return {
    call: async (method, request) => (await invoke(method, request)) as Record<string, unknown>,
    stream: async (method, request) =>
      Array.fromAsync(invoke(method, request) as AsyncIterable<Record<string, unknown>>),
    async *events(method, request) {
      const left = new AbortController();
      try {
        yield* invoke(method, request, { signal: left.signal }) as AsyncIterable<Record<string, unknown>>;
      } finally {
        left.abort();
      }
    },
    [Symbol.dispose]() {},
  };
}

type GrpcJsMethod = (
  request: object,
  callback?: (error: Error | null, response: Record<string, unknown>) => void,
) => grpc.ClientReadableStream<Record<string, unknown>>;

/** The reference client: another implementation of the protocol, from the protos alone. */
function grpcJsClient(url: string): AnyClient {
  const proto = fileURLToPath(new URL("../../proto", import.meta.url));
  const definition = loadSync("mcpmanager/v1/manager.proto", {
    includeDirs: [proto],
    longs: String,
    enums: Number,
    oneofs: true,
    defaults: true,
  });
  const { mcpmanager } = grpc.loadPackageDefinition(definition) as unknown as {
    mcpmanager: { v1: { ManagerService: grpc.ServiceClientConstructor } };
  };
  const client = new mcpmanager.v1.ManagerService(url.replace("http://", ""), grpc.credentials.createInsecure());
  const methods = client as unknown as Record<string, GrpcJsMethod>;
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        methods[method]?.call(client, request, (error, response) => (error ? reject(error) : resolve(response)));
      }),
    stream: (method, request) => {
      const stream = methods[method]?.call(client, request);
      return stream === undefined ? Promise.reject(new Error(method)) : Array.fromAsync(stream);
    },
    async *events(method, request) {
      const stream = methods[method]?.call(client, request);
      if (stream === undefined) throw new Error(method);
      try {
        yield* stream;
      } finally {
        stream.cancel();
      }
    },
    [Symbol.dispose]: () => client.close(),
  };
}
