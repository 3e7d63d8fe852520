import { type DescMessage, fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { type Route, routes } from "../../src/rest/routes.ts";

/** An error as any caller can read it, whatever the protocol. */
export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly reason: string;
  readonly metadata: { readonly [key: string]: string };
  /** Paths of the fields that are blamed. */
  readonly fields: readonly string[];
  readonly retryDelayMs: number | undefined;
  /** HTTP's status, where the protocol shows it. */
  readonly status?: number;
}

export type Json = { readonly [field: string]: JsonValue };

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** Asks for something that must fail, and gives the error. */
export type Ask = (rpc: string, request: Json, options?: AskOptions) => Promise<Failure>;

export const protocols = ["gRPC", "gRPC-Web", "Connect", "REST"] as const;
export type Protocol = (typeof protocols)[number];

/** The protocols of the one port; the request is the same JSON for all. */
export function askers(url: string): Readonly<Record<Protocol, Ask>> {
  return {
    gRPC: asker(createGrpcTransport({ baseUrl: url })),
    "gRPC-Web": asker(createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1" })),
    Connect: asker(createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: false })),
    REST: restAsker(url),
  };
}

export function rpcNamed(name: string) {
  const rpc = ManagerService.methods.find((method) => method.name === name);
  if (rpc === undefined) throw new Error(`no RPC ${name}`);
  return rpc;
}

/** The request's message; JSON of more levels than the library takes by itself, too. */
export function messageOf(desc: DescMessage, json: Json): Message {
  return fromJson(desc, json, { recursionLimit: 1000 });
}

/** An asker by message, for what JSON can't say. */
export function messageAsker(transport: Transport) {
  const client = createClient(ManagerService, transport) as Client<typeof ManagerService>;
  return async (name: string, message: Message, options: AskOptions = {}): Promise<Failure> => {
    const { localName, methodKind } = rpcNamed(name);
    const call = client[localName as keyof typeof client] as (message: Message, options: AskOptions) => unknown;
    try {
      const failure = call(message, options);
      if (methodKind === "unary") await failure;
      else for await (const _event of failure as AsyncIterable<unknown>);
    } catch (error) {
      return failureOf(ConnectError.from(error));
    }
    throw new Error(`${name} was expected to fail`);
  };
}

function asker(transport: Transport): Ask {
  const ask = messageAsker(transport);
  return (name, request, options) => ask(name, messageOf(rpcNamed(name).input, request), options);
}

export function failureOf(error: ConnectError): Failure {
  const [info] = error.findDetails(ErrorInfoSchema);
  const [bad] = error.findDetails(BadRequestSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  const { seconds, nanos } = retry?.retryDelay ?? {};
  return {
    code: error.code,
    message: error.rawMessage,
    reason: info?.reason ?? "",
    metadata: { ...info?.metadata },
    fields: bad?.fieldViolations.map(({ field }) => field) ?? [],
    retryDelayMs: seconds === undefined ? undefined : Number(seconds) * 1000 + (nanos ?? 0) / 1e6,
  };
}

/** The route of an RPC and what of a request stands where. */
export function restRequest(route: Route, request: Json): { path: string; body: string | undefined } {
  const rest = { ...request };
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_braces, field: string) => {
    const value = rest[field];
    delete rest[field];
    return encodeURIComponent(String(value));
  });
  if (route.body === "*") return { path, body: JSON.stringify(rest) };
  if (route.body !== undefined) {
    const inBody = rest[route.body];
    return { path, body: inBody === undefined ? undefined : JSON.stringify(inBody) };
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, String(item));
  }
  return { path: query.size === 0 ? path : `${path}?${query}`, body: undefined };
}

function restAsker(url: string): Ask {
  return async (name, request, { headers = {}, signal, timeoutMs } = {}) => {
    const route = routes.find(({ rpc }) => rpc.name === name);
    if (route === undefined) throw new Error(`${name} has no route`);
    const { path, body } = restRequest(route, request);
    const response = await fetch(`${url}${path}`, {
      method: route.httpMethod,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(timeoutMs === undefined ? {} : { "connect-timeout-ms": String(timeoutMs) }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    const last = (await response.text()).trimEnd().split("\n").at(-1) ?? "";
    const json = JSON.parse(last);
    return { ...statusFailure(json.error ?? json), status: response.status };
  };
}

interface StatusJson {
  readonly code: number;
  readonly message: string;
  readonly details: readonly {
    readonly reason?: string;
    readonly metadata?: Record<string, string>;
    readonly fieldViolations?: readonly { readonly field: string }[];
    readonly retryDelay?: string;
  }[];
}

/** An error of REST. */
export function statusFailure({ code, message, details }: StatusJson): Failure {
  const info = details.find(({ reason }) => reason !== undefined);
  const bad = details.find(({ fieldViolations }) => fieldViolations !== undefined);
  const retry = details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay;
  return {
    code,
    message,
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    fields: bad?.fieldViolations?.map(({ field }) => field) ?? [],
    retryDelayMs: retry === undefined ? undefined : Number.parseFloat(retry) * 1000,
  };
}
