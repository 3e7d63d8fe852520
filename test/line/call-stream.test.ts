import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hostileProcessSpec, type ManagerClient, randomName, TestManager } from "./test-manager.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });
let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());
describe("x", () => {
  it("works", async () => {
    const server = randomName();
    await client.start({ name: server, spec: hostileProcessSpec() });
    for await (const e of client.callToolStream({
      server,
      tool: "steps",
      input: { case: "arguments", value: { count: 3, message: "m" } },
    }))
      console.log(
        JSON.stringify(e.event, (k, v) => (typeof v === "bigint" ? String(v) : v)),
        e.instanceId,
      );
    const r = await fetch(`${manager.url}/servers/${server}/call/stream`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        baggage: "a=b",
      },
      body: JSON.stringify({ tool: "line" }),
    });
    console.log(r.status, await r.text());
    const big = client.callToolStream({
      server,
      tool: "large",
      maxMessageBytes: 65536,
      input: { case: "arguments", value: { bytes: 30_000_000 } },
    });
    let n = 0;
    let t = "";
    for await (const e of big) {
      n++;
      if (e.event.case === "resultChunk") t += e.event.value.resultJson;
      else console.log(e.event.case);
    }
    console.log(n, t.length);
    try {
      for await (const e of client.callToolStream({ server, tool: "never" }, { timeoutMs: 500 }))
        console.log(e.event.case);
    } catch (e) {
      console.log(String(e));
    }
    await fetch(`${manager.url}/servers/${server}/call/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "300" },
      body: JSON.stringify({ tool: "never" }),
    }).then(async (r) => console.log(r.status, await r.text()));
    await fetch(`${manager.url}/servers/${server}/call/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "300" },
      body: JSON.stringify({ tool: "", maxMessageBytes: 5 }),
    }).then(async (r) => console.log(r.status, await r.text()));
  });
});
