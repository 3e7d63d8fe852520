// Calls that are followed, with servers that people write, in containers: on the SDKs v1, v2 and Python.
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Era } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { clientKinds, openClient } from "../clients.ts";
import { partner, partnerSpec } from "../protocols/oracle/partner.ts";
import { openRestStream } from "../protocols/rest-stream.ts";
import { input, restPath, told } from "../streams/stream-stage.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, randomName, TestManager } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

async function started(name: string, era?: Era): Promise<string> {
  const server = randomName();
  await client.start({ name: server, spec: partnerSpec(partner(name), era) });
  return server;
}

/** An event of any client: its name, and what it holds. */
function eventOf(message: Record<string, unknown>): { name: string; value: Record<string, unknown> } {
  const { event } = message;
  if (typeof event === "string") return { name: event, value: message[event] as Record<string, unknown> };
  const { case: name, value } = event as { case: string; value: Record<string, unknown> };
  return { name, value };
}

const long = { tool: "trigger-long-running-operation", arguments: { duration: 0.4, steps: 4 } };
const steps = [1, 2, 3, 4].map((progress) => ({ progress, total: 4 }));

describe("A long operation of the reference server `everything`", () => {
  let server: string;
  beforeAll(async () => {
    server = await started("everything");
  });

  it.each(clientKinds)("is followed step by step through %s", async (kind) => {
    using by = openClient(kind, manager.url);
    const argumentsJson = JSON.stringify(long.arguments);
    const given = kind.startsWith("gRPC (grpc-js)")
      ? { argumentsJson }
      : { input: { case: "argumentsJson", value: argumentsJson } };
    const messages = await by.stream("CallToolStream", { server, tool: long.tool, ...given });
    const events = messages.map(eventOf);
    expect(events[0]?.name).toBe("heartbeat");
    expect(events.flatMap(({ name, value }) => (name === "progress" ? [value] : []))).toMatchObject(steps);
    expect(events.at(-1)).toMatchObject({ name: "result", value: { isError: false, resultKind: 1 } });
    expect(JSON.stringify(events.at(-1)?.value.content)).toContain("Long running operation completed");
  });

  it.each(["HTTP/1.1", "HTTP/2"] as const)("is followed step by step through REST over %s", async (protocol) => {
    using stream = await openRestStream(manager.url, { protocol, path: restPath(server), body: long });
    const lines = await Array.fromAsync(stream.lines);
    expect(lines[0]?.heartbeat).toEqual({});
    expect(lines.flatMap(({ progress }) => progress ?? [])).toMatchObject(steps);
    expect(lines.at(-1)?.result?.content[0]?.text?.text).toContain("Long running operation completed");
  });

  it("is as long as CallTool's, whose server reports nothing", async () => {
    const { content } = await client.callTool({ server, tool: long.tool, input: input(long.arguments) });
    expect(content).toHaveLength(1);
    expect((await client.get({ name: server })).server).toMatchObject({ strayLines: 0n, lateReplies: 0n });
  });
});

describe("Progress", () => {
  it.each([
    ["sdk-v1", Era.LEGACY],
    ["sdk-v2", Era.LEGACY],
    ["sdk-v2", Era.MODERN],
    ["python", Era.LEGACY],
    ["python", Era.MODERN],
  ] as const)("of many calls at once reaches each its own: %s, era %i", async (name, era) => {
    const server = await started(name, era);
    const calls = [1, 2, 3, 4, 5, 6, 7, 8].map(async (count) => {
      const events = client.callToolStream({ server, tool: "slow", input: input({ steps: count, ms: 20 }) });
      return told(await Array.fromAsync(events));
    });
    const heard = await Promise.all(calls);
    for (const [index, events] of heard.entries()) {
      const count = index + 1;
      expect(events).toEqual([...Array.from({ length: count }, (_, at) => at + 1), `took ${count} steps`]);
    }
  });
});

describe("What a server logs by MCP", () => {
  it("reaches the call, in the legacy era and in the modern one", async () => {
    const legacy = randomName();
    await client.start({ name: legacy, spec: hostileSpec() });
    const level = { level: "warning", data: "careful" };
    const calls = { server: legacy, tool: "log", input: input(level) };
    expect(told(await Array.fromAsync(client.callToolStream(calls)))).toEqual(["careful", "logged"]);
    const modern = randomName();
    await client.start({ name: modern, spec: { ...hostileSpec(), args: ["modern.mjs"] } });
    const events = await Array.fromAsync(client.callToolStream({ server: modern, tool: "log" }));
    expect(told(events)).toEqual(["careful", "result"]);
  });
});

describe("A container that is killed in the middle of a stream", () => {
  it("ends it, after what it had reported, with the exit code", async () => {
    const name = randomName();
    const { server } = await client.start({ name, spec: hostileSpec() });
    const lines = ['{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":1}}'];
    const events = client.callToolStream({ server: name, tool: "lines", input: input({ lines }) });
    const seen: unknown[] = [];
    const read = async () => {
      for await (const event of events) seen.push(...told([event]));
    };
    const ended = failureOf(read());
    await expect.poll(() => seen).toEqual([1]);
    await manager.engine.docker.getContainer(server?.instances[0]?.containerId ?? "").kill();
    expect(errorInfo(await ended)).toMatchObject({
      code: Code.Aborted,
      reason: "SERVER_EXITED",
      delivery: "sent",
      server: name,
      exit_code: "137",
    });
  });
});

describe("A result of 30 MB from a container", () => {
  it("comes whole in pieces of 64 KiB", async () => {
    const name = randomName();
    await client.start({ name, spec: hostileSpec() });
    const bytes = 30_000_000;
    let text = "";
    const request = { server: name, tool: "large", input: input({ bytes }), maxMessageBytes: 65_536 };
    for await (const { event } of client.callToolStream(request)) {
      if (event.case === "resultChunk") text += event.value.resultJson;
    }
    expect(text).toBe(JSON.stringify({ content: [{ type: "text", text: "x".repeat(bytes) }] }));
  });
});

describe("A stopped server that a call wakes", () => {
  it("has its stream begin at once, and end with the result", async () => {
    const name = randomName();
    const idleTimeout = { seconds: 1n, nanos: 0 };
    await client.start({ name, spec: { ...hostileSpec(), idleTimeout } });
    await expect.poll(async () => (await client.get({ name })).server?.state).toBe(6);
    const request = { server: name, tool: "echo", input: input({ text: "awake" }) };
    const events = await Array.fromAsync(client.callToolStream(request));
    expect(events[0]).toMatchObject({ event: { case: "heartbeat" }, instanceId: "" });
    expect(told(events)).toEqual(["awake"]);
  });
});

describe("A manager that shuts down", () => {
  it("lets a stream finish like a call, and ends one that does not: ABORTED, sent", async () => {
    for (const [tool, graceMs] of [
      ["sleep", "5000"],
      ["never", "200"],
    ] as const) {
      await using own = await TestManager.start({ MCPM_SHUTDOWN_GRACE_MS: graceMs });
      await own.client.start({ name: "h", spec: hostileSpec() });
      const request = { server: "h", tool, input: input({ ms: 500, text: "finished" }) };
      const stream = Array.fromAsync(own.client.callToolStream(request));
      const ended = stream.then(told, errorInfo);
      await expect.poll(async () => (await own.client.get({ name: "h" })).server?.callsInFlight).toBe(1n);
      await own.shutDown();
      if (tool === "sleep") expect(await ended).toEqual(["finished"]);
      else expect(await ended).toMatchObject({ code: Code.Aborted, reason: "MANAGER_STOPPING", delivery: "sent" });
    }
  });
});

describe("The trace of a call", () => {
  const trace = {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
    tracestate: "a=b",
    baggage: "user=ada",
  };

  it("arrives in the _meta of servers of both eras in containers", async () => {
    const legacy = randomName();
    await client.start({ name: legacy, spec: hostileSpec() });
    const modern = randomName();
    await client.start({ name: modern, spec: { ...hostileSpec(), args: ["modern.mjs"] } });
    const line = told(
      await Array.fromAsync(client.callToolStream({ server: legacy, tool: "line" }, { headers: trace })),
    );
    expect(JSON.parse(String(line.at(-1))).params._meta).toMatchObject(trace);
    const request = { server: modern, tool: "meta", resultFormat: ResultFormat.JSON };
    const { resultJson } = await client.callTool(request, { headers: trace });
    expect(JSON.parse(resultJson).structuredContent).toMatchObject(trace);
  });
});
