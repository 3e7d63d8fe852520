import net from "node:net";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { hostileSpec, type ManagerClient, randomName, TestManager, textOf } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager?.[Symbol.asyncDispose]());

const rest = (server: string) => `/servers/${server}/call`;
const rpc = () => "/mcpmanager.v1.ManagerService/CallTool";
const value = { ms: 60_000 };
type Leave = () => void;

/** Makes a call of `sleep` by a client of this transport, and says how its caller leaves. */
function by(transport: (baseUrl: string) => Transport): (server: string) => Leave {
  return (server) => {
    const left = new AbortController();
    const input = { case: "arguments" as const, value };
    const { callTool } = createClient(ManagerService, transport(manager.url));
    callTool({ server, tool: "sleep", input }, { signal: left.signal }).catch(() => {});
    return () => left.abort();
  };
}

/** The same as a request of plain HTTP/1.1, whose caller's connection is reset, or only ended. */
function byHttp(target: (server: string) => string, leave: (socket: net.Socket) => void): (server: string) => Leave {
  return (server) => {
    const body = JSON.stringify({ ...(target === rest ? {} : { server }), tool: "sleep", arguments: value });
    const socket = net.connect(Number(new URL(manager.url).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      `POST ${target(server)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    return () => leave(socket);
  };
}

const ways: readonly [string, (server: string) => Leave][] = [
  ["gRPC", by((baseUrl) => createGrpcTransport({ baseUrl }))],
  ["gRPC-Web over HTTP/1.1", by((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }))],
  ["Connect over HTTP/1.1", by((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }))],
  ["Connect over HTTP/2", by((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }))],
  ["Connect, connection reset", byHttp(rpc, (socket) => socket.resetAndDestroy())],
  ["Connect, connection ended", byHttp(rpc, (socket) => socket.end())],
  ["REST, connection reset", byHttp(rest, (socket) => socket.resetAndDestroy())],
  ["REST, connection ended", byHttp(rest, (socket) => socket.end())],
];

interface Received {
  readonly method: string;
  readonly id?: number;
  readonly params?: { readonly name?: string; readonly requestId?: number };
}

async function received(server: string): Promise<readonly Received[]> {
  const { resultJson } = await client.callTool({ server, tool: "received", resultFormat: ResultFormat.JSON });
  return JSON.parse(resultJson).structuredContent.messages;
}

const inFlight = async (name: string) => (await client.get({ name })).server?.callsInFlight;

describe("A caller that leaves", () => {
  it.each(ways)("by %s cancels its call at the server, by our own id, and no other", async (_way, make) => {
    const name = randomName();
    await client.start({ name, spec: hostileSpec() });
    const leave = make(name);
    await expect.poll(() => inFlight(name)).toBe(1n);
    const input = { case: "arguments" as const, value: { ms: 300, text: "still here" } };
    const other = client.callTool({ server: name, tool: "sleep", input });
    await expect.poll(() => inFlight(name)).toBe(2n);
    leave();
    expect(textOf(await other)).toBe("still here");
    await expect.poll(() => inFlight(name)).toBe(0n);
    const messages = await received(name);
    const cancelled = messages.filter(({ method }) => method === "notifications/cancelled");
    const ids = messages.filter(({ params }) => params?.name === "sleep").map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(cancelled.map(({ params }) => params?.requestId)).toEqual([ids[0]]);
    expect((await client.get({ name })).server?.lateReplies).toBe(0n);
  });

  it("while its call waits for its turn is not sent at all", async () => {
    const name = randomName();
    await client.start({ name, spec: { ...hostileSpec(), callLimits: { maxInFlight: 1, maxQueued: 8 } } });
    const input = { case: "arguments" as const, value: { ms: 500 } };
    const first = client.callTool({ server: name, tool: "sleep", input });
    await expect.poll(() => inFlight(name)).toBe(1n);
    const left = new AbortController();
    const second = client.callTool({ server: name, tool: "echo" }, { signal: left.signal }).catch(() => "left");
    await expect.poll(async () => (await client.get({ name })).server?.callsQueued).toBe(1n);
    left.abort();
    expect(await second).toBe("left");
    await first;
    const names = (await received(name)).map(({ params }) => params?.name);
    expect(names).not.toContain("echo");
  });
});
