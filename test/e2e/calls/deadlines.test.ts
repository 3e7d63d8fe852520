import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { connectRaw } from "../../server/raw-client.ts";
import { clientKinds, openClient } from "../clients.ts";
import {
  errorInfo,
  failureOf,
  hostileProcessSpec,
  type ManagerClient,
  randomName,
  TestManager,
} from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const maxMs = 1500;
let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({
    MCPM_RUNTIME: "process",
    MCPM_CALL_TIMEOUT_MS: String(maxMs),
    MCPM_MAX_CALL_TIMEOUT_MS: String(maxMs),
  });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

async function started(spec: object = {}): Promise<string> {
  const name = randomName();
  await client.start({ name, spec: { ...hostileProcessSpec(), ...spec } });
  return name;
}

/** By HTTP: a client library ends a call at its own deadline, without the manager's response. */
async function callByRest(server: string, tool: string, deadlineMs?: number) {
  const response = await fetch(`${manager.url}/servers/${server}/call`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(deadlineMs === undefined ? {} : { "connect-timeout-ms": String(deadlineMs) }),
    },
    body: JSON.stringify({ tool }),
  });
  const { code, message, details } = (await response.json()) as {
    code: number;
    message: string;
    details: { reason?: string; metadata?: { delivery: string } }[];
  };
  const info = details.find(({ reason }) => reason !== undefined);
  return { code, message, reason: info?.reason, delivery: info?.metadata?.delivery };
}

const passed = { code: Code.DeadlineExceeded, reason: "DEADLINE_EXCEEDED", delivery: "sent" };
const minute = { seconds: 60n, nanos: 0 };

describe("The deadline of a call into a server", () => {
  it("is the maximum over every protocol, when the caller sets none and the spec a longer one", async () => {
    const name = await started({ callTimeout: minute });
    const failures = clientKinds.map(async (kind) => {
      using caller = openClient(kind, manager.url);
      const { code, message } = await failureOf(caller.call("CallTool", { server: name, tool: "never" }));
      return { kind, code, message: message.replace(/^.*(?=the call did)/, "") };
    });
    const message = `the call did not end within its deadline of ${maxMs} ms`;
    // grpc-js has the same numbers.
    const expected = clientKinds.map((kind) => ({ kind, code: Code.DeadlineExceeded, message }));
    expect(await Promise.all(failures)).toEqual(expected);
  });

  it("is the maximum when the caller's is longer, and the server is told of the end", async () => {
    const name = await started();
    expect(await callByRest(name, "never", 60_000)).toMatchObject({
      ...passed,
      message: expect.stringContaining(`its deadline of ${maxMs} ms`),
    });
    const { resultJson } = await client.callTool({ server: name, tool: "received", resultFormat: ResultFormat.JSON });
    expect(resultJson).toContain("notifications/cancelled");
  });

  it("is the caller's when that is shorter than the spec's and the maximum", async () => {
    const name = await started({ callTimeout: minute });
    expect(await callByRest(name, "never", 200)).toMatchObject({ ...passed, message: "the caller's deadline passed" });
  });

  it("is the caller's, up to the maximum, when the spec's is shorter", async () => {
    const name = await started({ callTimeout: { seconds: 0n, nanos: 50_000_000 } });
    const input = { case: "argumentsJson", value: JSON.stringify({ ms: 300, text: "in time" }) } as const;
    const result = await client.callTool({ server: name, tool: "sleep", input }, { timeoutMs: 60_000 });
    expect(result.isError).toBe(false);
  });

  it("is the spec's without one of the caller's", async () => {
    const name = await started({ callTimeout: { seconds: 0n, nanos: 50_000_000 } });
    expect(await callByRest(name, "never")).toMatchObject({ ...passed, message: expect.stringContaining("of 50 ms") });
  });

  it("holds for listings, too", async () => {
    const name = await started();
    // Busy for longer than the maximum: it answers nothing meanwhile.
    const input = { case: "argumentsJson", value: JSON.stringify({ ms: 2 * maxMs }) } as const;
    const busy = failureOf(client.callTool({ server: name, tool: "hang", input }));
    expect(errorInfo(await failureOf(client.listTools({ server: name })))).toMatchObject(passed);
    expect(errorInfo(await busy)).toMatchObject(passed);
  });

  it("begins with the call, not with its turn: what is left of it goes to the tool", async () => {
    const name = await started({ callLimits: { maxInFlight: 1, maxQueued: 10 } });
    const held = new AbortController();
    const first = failureOf(client.callTool({ server: name, tool: "never" }, { signal: held.signal }));
    while ((await client.get({ name })).server?.callsInFlight !== 1n);
    const second = callByRest(name, "never", 1200);
    while ((await client.get({ name })).server?.callsQueued !== 1n);
    held.abort();
    await first;
    expect(await second).toMatchObject({ ...passed, message: "the caller's deadline passed" });
  });

  it.each([
    ["REST", (name: string) => ({ path: `/servers/${name}/call`, call: { tool: "pid" } })],
    [
      "Connect",
      (server: string) => ({ path: "/mcpmanager.v1.ManagerService/CallTool", call: { server, tool: "pid" } }),
    ],
  ])("counts from the headers of a request over %s", async (_, requestTo) => {
    const name = await started();
    const { path, call } = requestTo(name);
    const body = JSON.stringify(call);
    const head = [`POST ${path} HTTP/1.1`, "host: 127.0.0.1", "content-type: application/json"];
    const own = [`content-length: ${body.length}`, "connect-timeout-ms: 30", "connection: close"];
    const caller = await connectRaw(Number(new URL(manager.url).port));
    caller.socket.write(`${[...head, ...own].join("\r\n")}\r\n\r\n{`);
    // Whoever has answered this has read what came before.
    await client.get({ name });
    const readMs = performance.now();
    await vi.waitFor(() => expect(performance.now() - readMs).toBeGreaterThan(30));
    caller.socket.write(body.slice(1));
    await caller.closed;
    expect(caller.received()).toMatch(/ 504 .*"delivery":"not_sent"/s);
  });

  it("does not hold for calls that go into no server", async () => {
    const start = client.start({ name: randomName(), spec: hostileProcessSpec("--handshake-ms", String(2 * maxMs)) });
    expect((await start).server?.state).toBe(4);
  });
});

describe("Callers who share a call", () => {
  it("have the default deadline each, when they set none, and the maximum", async () => {
    const name = await started({ callTimeout: minute });
    const call = () => failureOf(client.callTool({ server: name, tool: "never", idempotencyKey: "k" }));
    const first = call();
    while ((await client.get({ name })).server?.callsInFlight !== 1n);
    for (const failure of await Promise.all([first, call()])) {
      expect(errorInfo(failure)).toMatchObject({ ...passed, server: name });
    }
    expect(errorInfo(await call())).toMatchObject({ code: Code.Aborted, reason: "CALL_ABANDONED" });
  });
});
