import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import {
  errorInfo,
  failureOf,
  grpcClient,
  hostileProcessSpec,
  type ManagerClient,
  randomName,
  TestManager,
  textOf,
} from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

const echo = (by: ManagerClient, server: string, text: string) =>
  by.callTool({ server, tool: "echo", input: { case: "arguments", value: { text } } });

/** A server with these limits, all of whose places are taken until `release`. */
async function fullServer(callLimits: { maxInFlight: number; maxQueued?: number }) {
  const name = randomName();
  await client.start({ name, spec: { ...hostileProcessSpec(), callLimits } });
  const pid = Number(textOf(await client.callTool({ server: name, tool: "pid" })));
  const held = new AbortController();
  const ended = Array.from({ length: callLimits.maxInFlight }, () =>
    failureOf(client.callTool({ server: name, tool: "never" }, { signal: held.signal })),
  );
  await counted(name, { callsInFlight: callLimits.maxInFlight });
  const release = async () => {
    held.abort();
    await Promise.all(ended);
  };
  return { name, pid, release };
}

async function counted(name: string, wanted: { callsInFlight?: number; callsQueued?: number }): Promise<void> {
  for (;;) {
    const { server } = await client.get({ name });
    const is = { callsInFlight: Number(server?.callsInFlight), callsQueued: Number(server?.callsQueued) };
    if (Object.entries(wanted).every(([key, value]) => is[key as keyof typeof is] === value)) return;
  }
}

/** The texts of the echo calls that the server got, in their order. */
async function echoed(server: string): Promise<string[]> {
  const { resultJson } = await client.callTool({ server, tool: "received", resultFormat: 2 });
  const { messages } = JSON.parse(resultJson).structuredContent as {
    messages: { params?: { name?: string; arguments?: { text: string } } }[];
  };
  return messages.flatMap(({ params }) => (params?.name === "echo" ? [params.arguments?.text ?? ""] : []));
}

describe("A server with call_limits", () => {
  it("gets no more calls at a time than they say, from each connection in turn, REST included", async () => {
    const { name, release } = await fullServer({ maxInFlight: 1 });
    const greedy = grpcClient(manager.url);
    const calls: Promise<unknown>[] = [];
    for (let count = 1; count <= 5; count += 1) {
      calls.push(echo(greedy, name, `greedy ${count}`));
      await counted(name, { callsQueued: count });
    }
    calls.push(echo(grpcClient(manager.url), name, "modest"));
    await counted(name, { callsQueued: 6 });
    const rest = fetch(`${manager.url}/servers/${name}/call`, {
      method: "POST",
      headers: { "content-type": "application/json", "mcpm-caller": "not by its own word" },
      body: JSON.stringify({ tool: "echo", arguments: { text: "by REST" } }),
    });
    await counted(name, { callsInFlight: 1, callsQueued: 7 });
    await release();
    await Promise.all(calls);
    expect((await rest).status).toBe(200);
    const order = ["greedy 1", "modest", "by REST", "greedy 2", "greedy 3", "greedy 4", "greedy 5"];
    expect(await echoed(name)).toEqual(order);
  });

  it("refuses at once what its queue does not hold, and listings count as calls", async () => {
    const { name, release } = await fullServer({ maxInFlight: 2, maxQueued: 1 });
    const listed = client.listTools({ server: name });
    await counted(name, { callsQueued: 1 });
    for (const refused of [echo(client, name, "x"), client.listTools({ server: name })]) {
      const failure = await failureOf(refused);
      expect(errorInfo(failure)).toMatchObject({
        code: Code.ResourceExhausted,
        reason: "QUEUE_FULL",
        delivery: "not_sent",
        server: name,
      });
      expect(failure.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n } }]);
    }
    await release();
    expect((await listed).tools.length).toBeGreaterThan(0);
  });

  it("tells a call whose deadline passes in the queue that it was not sent, and gets nothing of it", async () => {
    const { name, release } = await fullServer({ maxInFlight: 1 });
    const response = await fetch(`${manager.url}/servers/${name}/call`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "50" },
      body: JSON.stringify({ tool: "echo", arguments: { text: "too late" } }),
    });
    expect(await response.json()).toMatchObject({
      details: expect.arrayContaining([
        expect.objectContaining({ reason: "SERVER_BUSY", metadata: { delivery: "not_sent", server: name } }),
      ]),
    });
    await counted(name, { callsQueued: 0 });
    await release();
    expect(await echoed(name)).toEqual([]);
  });

  it("that exits fails what waits: it was not sent", async () => {
    const { name, pid } = await fullServer({ maxInFlight: 1 });
    const waiting = failureOf(echo(client, name, "x"));
    await counted(name, { callsQueued: 1 });
    process.kill(pid);
    expect(errorInfo(await waiting)).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "SERVER_FAILED",
      delivery: "not_sent",
    });
  });

  it("shows the limits as they were given", async () => {
    const { name, release } = await fullServer({ maxInFlight: 1, maxQueued: 0 });
    const { server } = await client.get({ name });
    expect(server?.spec?.callLimits).toMatchObject({ maxInFlight: 1, maxQueued: 0 });
    await release();
  });
});
