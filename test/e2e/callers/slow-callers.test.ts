import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hostileProcessSpec, type ManagerClient, randomName, TestManager } from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process", MCPM_LOG_RING_BYTES: String(ringBytes) });
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

const kib = 1024;
/** HTTP/2's window for a stream, before its reader says more. */
const windowBytes = 65_535;
/** What Node takes of a response before it asks to wait. */
const highWaterBytes = 64 * kib;
const ringBytes = 65_536;
/** Twice what Node lets a connection hold by default. */
const resultBytes = 20_000_000;
const noGrace = { seconds: 0n, nanos: 0 };

/** A message of Connect's streaming protocol. */
function envelope(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** The messages of a stream as they are read from here on; what is not asked for stays unread. */
async function* messagesOf(
  response: Readable,
): AsyncGenerator<{ readonly message: StreamMessage; readonly length: number }> {
  let rest = Buffer.alloc(0);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = messageEnd(rest); end !== undefined; end = messageEnd(rest)) {
      yield { message: JSON.parse(rest.toString("utf8", 5, end)), length: end };
      rest = rest.subarray(end);
    }
  }
}

function messageEnd(bytes: Buffer): number | undefined {
  const end = bytes.length < 5 ? Number.POSITIVE_INFINITY : 5 + bytes.readUInt32BE(1);
  return end <= bytes.length ? end : undefined;
}

interface StreamMessage {
  readonly line?: { readonly text: string };
  readonly gap?: { readonly lines?: string };
  readonly change?: { readonly server: { readonly name: string; readonly state: string } };
}

const path = (method: string) => `/mcpmanager.v1.ManagerService/${method}`;
const headers = { "content-type": "application/connect+json" };

/** A caller of a stream who reads only what is asked for, over either protocol. */
const openers = {
  async "HTTP/1.1"(method: string, request: object): Promise<Readable & Disposable> {
    const outgoing = http.request(`${manager.url}${path(method)}`, { method: "POST", headers });
    outgoing.end(envelope(request));
    const [response] = (await once(outgoing, "response")) as [http.IncomingMessage];
    return Object.assign(response, { [Symbol.dispose]: () => void outgoing.destroy() });
  },
  async "HTTP/2"(method: string, request: object): Promise<Readable & Disposable> {
    const session = http2.connect(manager.url);
    const stream = session.request({ ":method": "POST", ":path": path(method), ...headers });
    stream.end(envelope(request));
    await once(stream, "response");
    return Object.assign(stream, { [Symbol.dispose]: () => session.destroy() });
  },
};

async function started(spec = {}): Promise<string> {
  const name = randomName();
  await client.start({ name, spec: { ...hostileProcessSpec(), ...spec } });
  return name;
}

/** Has the server write so many lines to stderr; resolves when the manager has read them all. */
async function flood(server: string, lines: number): Promise<void> {
  const value = { text: "x".repeat(100), count: lines };
  await client.callTool({ server, tool: "stderr", input: { case: "arguments", value } });
  await client.callTool({ server, tool: "stderr", input: { case: "arguments", value: { text: "the last" } } });
  for await (const { event } of client.logs({ server, follow: true })) {
    if (event.case === "line" && event.value.text === "the last") return;
  }
}

/** What the manager keeps of responses over HTTP/1.1 that the system does not take: it is in this process. */
const responses: http.ServerResponse[] = [];
const noteResponse = (message: unknown) => responses.push((message as { response: http.ServerResponse }).response);
beforeAll(() => subscribe("http.server.request.start", noteResponse));
afterAll(() => unsubscribe("http.server.request.start", noteResponse));

describe("A caller that stops reading Logs", () => {
  const lines = 200_000;

  it.each(["HTTP/1.1", "HTTP/2"] as const)("over %s finds a gap for all that it did not take", async (protocol) => {
    const server = await started();
    using response = await openers[protocol]("Logs", { server, follow: true, tail: 0, sources: ["LOG_SOURCE_STDERR"] });
    await flood(server, lines);
    let [seen, lost, bytes] = [0, 0, 0];
    for await (const { message, length } of messagesOf(response)) {
      bytes += length;
      lost += Number(message.gap?.lines ?? 0);
      if (message.line !== undefined) seen += 1;
      if (message.line?.text === "the last") break;
    }
    expect(seen + lost).toBe(lines + 1);
    // Over HTTP/1.1 the system's buffers hold some megabytes; the manager's part is below.
    if (protocol === "HTTP/2") expect(bytes).toBeLessThan(windowBytes + highWaterBytes + ringBytes);
    await client.stop({ name: server });
  });

  it("over HTTP/1.1 costs the manager next to nothing beyond what the system's buffers hold", async () => {
    const server = await started();
    responses.length = 0;
    using _response = await openers["HTTP/1.1"]("Logs", { server, follow: true, tail: 0 });
    const [response] = responses;
    await flood(server, lines);
    expect(response?.writableNeedDrain).toBe(true);
    expect(response?.writableLength).toBeLessThan(highWaterBytes + kib);
    await client.stop({ name: server });
  });
});

describe("A caller that stops reading Watch", () => {
  const restarts = 40;
  /** Each state that the server takes is an event of so many bytes and more. */
  const eventBytes = 50_000;

  it.each(["HTTP/1.1", "HTTP/2"] as const)(
    "over %s is given the newest state, and not all before",
    async (protocol) => {
      const spec = hostileProcessSpec();
      const name = await started({ args: [...spec.args, "x".repeat(eventBytes)] });
      responses.length = 0;
      using slow = await openers[protocol]("Watch", {});
      const [response] = responses;
      using quick = await openers["HTTP/2"]("Watch", {});
      const sent = changesUntilReady(quick, { name, times: restarts });
      for (let count = 0; count < restarts; count += 1) await client.restart({ name, gracePeriod: noGrace });
      if (protocol === "HTTP/1.1")
        expect(response?.writableLength).toBeLessThan(highWaterBytes + eventBytes + 10 * kib);
      await client.stop({ name });
      const taken = await changesUntilStopped(slow, name);
      expect(taken).toBeLessThanOrEqual(await sent);
      if (protocol === "HTTP/2") expect(taken * eventBytes).toBeLessThan(windowBytes + highWaterBytes + eventBytes);
    },
  );
});

describe("A caller that has yet to read a large result over HTTP/2", () => {
  it("makes further calls over the same connection meanwhile", async () => {
    const server = await started();
    const session = http2.connect(manager.url);
    const post = (method: string, request: object) => {
      const json = { "content-type": "application/json" };
      const stream = session.request({ ":method": "POST", ":path": path(method), ...json });
      stream.end(JSON.stringify(request));
      return stream;
    };
    const large = post("CallTool", { server, tool: "large", arguments: { bytes: resultBytes } });
    await once(large, "response");
    for (let calls = 0; calls < 3; calls += 1) {
      const body = await text(post("CallTool", { server, tool: "echo", arguments: { text: "meanwhile" } }));
      expect(JSON.parse(body)).toMatchObject({ content: [{ text: { text: "meanwhile" } }] });
    }
    expect((await text(large)).length).toBeGreaterThan(resultBytes);
    session.destroy();
    await client.stop({ name: server });
  });
});

/** The changes of a server that a caller is given who begins to read when it is stopped already. */
async function changesUntilStopped(response: Readable, name: string): Promise<number> {
  let changes = 0;
  for await (const { message } of messagesOf(response)) {
    if (message.change?.server.name !== name) continue;
    if (message.change.server.state === "SERVER_STATE_STOPPED") break;
    changes += 1;
  }
  return changes;
}

/** The changes of a server that an attentive caller sees until it was ready so many times. */
async function changesUntilReady(
  response: Readable,
  server: { readonly name: string; readonly times: number },
): Promise<number> {
  let changes = 0;
  let ready = 0;
  for await (const { message } of messagesOf(response)) {
    if (message.change?.server.name !== server.name) continue;
    changes += 1;
    if (message.change.server.state === "SERVER_STATE_READY") ready += 1;
    if (ready === server.times) break;
  }
  return changes;
}
