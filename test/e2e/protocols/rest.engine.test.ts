import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { features } from "../../../src/rpc/methods/fleet-methods.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { randomName, TestManager } from "../test-manager.ts";

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_MAX_REQUEST_BYTES: "65536", MCPM_CORS_ORIGINS: "https://good.example" });
});
afterAll(() => manager[Symbol.asyncDispose]());

const spec = { image: testImage, args: ["hostile.mjs"], pullPolicy: "PULL_POLICY_NEVER" };

async function rest(method: string, path: string, options: { body?: unknown; headers?: Record<string, string> } = {}) {
  const response = await fetch(`${manager.url}${path}`, {
    method,
    headers: { ...(options.body === undefined ? {} : { "content-type": "application/json" }), ...options.headers },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const type = response.headers.get("content-type");
  return { status: response.status, type, text, json: type === "application/json" ? JSON.parse(text) : undefined };
}

describe("The REST routes", () => {
  it("tell of the manager", async () => {
    expect(await rest("GET", "/info")).toMatchObject({
      status: 200,
      json: { fleet: manager.fleet, runtime: "docker", limits: { maxRequestBytes: "65536" }, features: [...features] },
    });
  });

  it("start, show, call, list, log and stop a server", async () => {
    const name = randomName();
    expect(await rest("POST", `/servers/${name}/start`, { body: spec })).toMatchObject({
      status: 200,
      json: { server: { name, state: "SERVER_STATE_READY", restartCount: "0", spec: { command: [] } } },
    });
    expect((await rest("GET", "/servers")).json.servers).toMatchObject([{ name }]);
    expect((await rest("GET", `/servers/${name}`)).json).toMatchObject({ server: { name } });
    const call = { tool: "echo", arguments: { text: "grüße" } };
    expect((await rest("POST", `/servers/${name}/call`, { body: call })).json).toMatchObject({
      content: [{ text: { text: "grüße" } }],
      isError: false,
    });
    expect((await rest("GET", `/servers/${name}/tools?page_size=2`)).json.tools).toHaveLength(2);
    const logs = await rest("GET", `/servers/${name}/logs?sources=LOG_SOURCE_LIFECYCLE`);
    expect(logs.type).toBe("application/x-ndjson");
    const events = logs.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ lifecycle: { state: "SERVER_STATE_READY" } });
    expect(await rest("POST", `/servers/${name}/stop`)).toMatchObject({ status: 200, json: { found: true } });
    expect((await rest("GET", "/servers")).json).toEqual({ servers: [], nextPageToken: "" });
  });

  it("follow a log line by line until the server stops", async () => {
    const name = randomName();
    await rest("POST", `/servers/${name}/start`, { body: spec });
    const logs = rest("GET", `/servers/${name}/logs?follow=true&tail=0&sources=LOG_SOURCE_STDERR`);
    await rest("POST", `/servers/${name}/call`, { body: { tool: "stderr", arguments: { text: "hello" } } });
    await rest("POST", `/servers/${name}/stop`);
    expect((await logs).text).toContain('"text":"hello"');
  });

  it.each([
    ["an unknown server", "GET", "/servers/nope", undefined, 404, 5, "SERVER_NOT_FOUND"],
    ["a misspelt field", "POST", "/servers/x/start", { imagee: "y" }, 400, 3, "INVALID_REQUEST"],
    ["a field of the wrong type", "POST", "/servers/x/start", { image: 5 }, 400, 3, "INVALID_REQUEST"],
    ["what is no JSON", "POST", "/servers/x/start", "{", 400, 3, "INVALID_REQUEST"],
    ["a list for an object", "POST", "/servers/x/call", "[]", 400, 3, "INVALID_REQUEST"],
    ["the name given twice", "POST", "/servers/x/stop", { name: "y" }, 400, 3, "INVALID_REQUEST"],
    ["an unknown parameter", "GET", "/servers?colour=red", undefined, 400, 3, "INVALID_REQUEST"],
    ["a parameter that is no number", "GET", "/servers?page_size=x", undefined, 400, 3, "INVALID_REQUEST"],
    ["a parameter that is no boolean", "GET", "/servers/x/logs?follow=maybe", undefined, 400, 3, "INVALID_REQUEST"],
    ["a body above the limit", "POST", "/servers/x/start", { image: "x".repeat(70_000) }, 429, 8, "MESSAGE_TOO_LARGE"],
    ["a name that is none", "GET", "/servers/No%20Name", undefined, 400, 3, "INVALID_REQUEST"],
  ])("answer %s with a google.rpc.Status", async (_what, method, path, body, status, code, reason) => {
    const received = await rest(method, path, { body });
    expect(received).toMatchObject({ status, json: { code } });
    expect(received.json.details[0]).toMatchObject({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason });
  });

  it("refuse another method, another content type, another origin, another path", async () => {
    expect((await rest("GET", "/servers/x/stop")).status).toBe(405);
    expect(
      (await rest("POST", "/servers/x/start", { body: spec, headers: { "content-type": "text/plain" } })).status,
    ).toBe(415);
    expect((await rest("POST", "/servers/x/stop", { headers: { origin: "https://evil.example" } })).status).toBe(403);
    expect((await rest("GET", "/servers", { headers: { origin: "https://good.example" } })).status).toBe(200);
    expect((await rest("GET", "/nope")).status).toBe(404);
  });

  it("refuse a body that is not UTF-8, and another charset", async () => {
    const send = async (type: string) => {
      const body = Buffer.from('{"tool":"echo","arguments":{"text":"caf\xe9"}}', "latin1");
      const response = await fetch(`${manager.url}/servers/x/call`, {
        method: "POST",
        headers: { "content-type": type },
        body,
      });
      return ((await response.json()) as { code: number }).code;
    };
    expect(await send("application/json")).toBe(3);
    expect(await send("application/json; charset=iso-8859-1")).toBe(3);
  });

  it("cancel the call when the caller leaves, and keep its deadline", async () => {
    const name = randomName();
    await rest("POST", `/servers/${name}/start`, { body: spec });
    const body = { tool: "sleep", arguments: { ms: 60_000 } };
    const late = await rest("POST", `/servers/${name}/call`, { body, headers: { "connect-timeout-ms": "200" } });
    expect(late).toMatchObject({ status: 504, json: { code: 4, details: [{ metadata: { delivery: "sent" } }] } });
    const left = new AbortController();
    const gone = fetch(`${manager.url}/servers/${name}/call`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: left.signal,
    });
    const inFlight = async () => (await rest("GET", `/servers/${name}`)).json.server.callsInFlight;
    while ((await inFlight()) !== "1");
    left.abort();
    await expect(gone).rejects.toThrow();
    while ((await inFlight()) !== "0");
  });
});

describe("The probes", () => {
  it("say that the manager lives and is ready", async () => {
    expect(await rest("GET", "/health")).toMatchObject({ status: 200, json: { status: "ok" } });
    expect(await rest("GET", "/ready")).toMatchObject({ status: 200, json: { status: "ok" } });
  });
});
