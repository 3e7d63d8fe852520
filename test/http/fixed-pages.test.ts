import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstOf } from "../../src/http/handler.ts";
import { probeHandler } from "../../src/http/probes.ts";
import { Listener } from "../../src/server/listener.ts";
import { TestManager } from "../e2e/test-manager.ts";
import { collectGarbage } from "../heap.ts";
import { connectRaw } from "../server/raw-client.ts";

/** What is kept beside and on the heap. */
function memoryUsed(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const requests = 4_000;
/** A quarter of what the document alone would take, were there one for each. */
const mostBytes = 64 * 1024 * 1024;

describe("Of thousands of GET /openapi.json that are not read", () => {
  let manager: TestManager;
  beforeAll(async () => {
    manager = await TestManager.start({ MCPM_RUNTIME: "process" });
    await (await fetch(`${manager.url}/openapi.json`)).arrayBuffer();
  });
  afterAll(() => manager[Symbol.asyncDispose]());

  it("the manager keeps one document, over HTTP/1.1, and reads on when its caller does", async () => {
    const before = memoryUsed();
    const socket = net.connect(manager.app.port, "127.0.0.1");
    socket.pause();
    socket.write("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(requests - 1));
    socket.write("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const others = await Promise.all(Array.from({ length: 200 }, () => fetch(`${manager.url}/health`)));
    expect(others.every(({ ok }) => ok)).toBe(true);
    expect(memoryUsed() - before).toBeLessThan(mostBytes);
    let responses = 0;
    let tail = "";
    for await (const chunk of socket) {
      const all = tail + (chunk as Buffer).toString("latin1");
      responses += all.split("HTTP/1.1 200 OK").length - 1;
      tail = all.slice(-14);
    }
    expect(responses).toBe(requests);
  }, 60_000);

  it("the manager keeps one document, over HTTP/2", async () => {
    collectGarbage();
    const before = process.memoryUsage().rss;
    const sessions = Array.from({ length: 4 }, () =>
      http2.connect(manager.url, { settings: { initialWindowSize: 0 } }),
    );
    await Promise.all(sessions.map((session) => once(session, "remoteSettings")));
    const streams = sessions.flatMap((session) =>
      Array.from({ length: requests / sessions.length }, () => session.request({ ":path": "/openapi.json" })),
    );
    await Promise.all(streams.map((stream) => once(stream, "response")));
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * mostBytes);
    for (const session of sessions) session.destroy();
  }, 60_000);

  it("each is whole, and says its length", async () => {
    const response = await fetch(`${manager.url}/openapi.json`);
    const body = await response.text();
    expect(response.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
    const session = http2.connect(manager.url);
    const stream = session.request({ ":path": "/openapi.json" });
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    expect(headers["content-length"]).toBe(String(Buffer.byteLength(body)));
    expect(await text(stream)).toBe(body);
    session.destroy();
  });
});

describe("A request whose body does not matter", () => {
  it.each([
    ["a probe", { ":path": "/health" }],
    ["the document", { ":path": "/openapi.json" }],
    ["an unknown path", { ":path": "/nowhere" }],
    ["an unknown RPC", { ":path": "/mcpmanager.v1.ManagerService/Nothing", "content-type": "application/grpc" }],
    ["a rebound name", { ":path": "/health", ":authority": "evil.example" }],
  ])("has none of it kept while its response is not read: of %s", async (_of, headers) => {
    await using manager = await TestManager.start({ MCPM_RUNTIME: "process" });
    const session = http2.connect(manager.url, { settings: { initialWindowSize: 0 } });
    await once(session, "remoteSettings");
    const stream = session.request({ ":method": "POST", ...headers }, { endStream: false });
    await once(stream, "response");
    // More than the window that a stream begins with: it is read.
    await new Promise((resolve) => stream.write(Buffer.alloc(1_000_000), resolve));
    session.destroy();
  });
});

describe("/ready", () => {
  it("asks the engine once for all who ask at the same time, and anew for who asks later", async () => {
    const asked: PromiseWithResolvers<void>[] = [];
    const ready = () => {
      const one = Promise.withResolvers<void>();
      asked.push(one);
      return one.promise;
    };
    const handler = firstOf([probeHandler({ ready })]);
    const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
    const { socket, until, received, closed } = await connectRaw(listener.port);
    socket.write(`${"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50)}GET /health HTTP/1.1\r\nHost: x\r\n\r\n`);
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const other = await connectRaw(listener.port);
    other.socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await other.until("200 OK");
    expect(asked).toHaveLength(1);
    asked[0]?.reject(new Error("no engine"));
    await until("200 OK");
    expect(received().match(/ 503 /g)).toHaveLength(50);
    socket.write("GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    while (asked.length === 1) await new Promise((resolve) => setImmediate(resolve));
    asked[1]?.resolve();
    await closed;
    expect(received().match(/ 200 /g)).toHaveLength(2);
    await listener.close({ graceMs: 0 });
  });
});
