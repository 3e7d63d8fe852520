import http2 from "node:http2";
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  type ClientConnection,
  Connections,
  type ConnectionsOptions,
} from "../../../src/server/connections/connections.ts";
import type { NodeResponse } from "../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../src/server/listener.ts";
import { connectRaw } from "../raw-client.ts";

const opened: Listener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close({ graceMs: 0 })));
});

/** More than the system takes of it over a loopback connection. */
const page = Buffer.alloc(20_000_000);

/** A listener that answers `/now` and `/page` at once, and the others never. */
async function open(connections: ConnectionsOptions) {
  const asked: NodeResponse[] = [];
  const listener = await Listener.open({
    host: "127.0.0.1",
    port: 0,
    connections,
    handler: (request, response) => {
      if (request.url === "/now") response.end("answered");
      else if (request.url === "/page") response.end(page);
      else asked.push(response);
    },
  });
  opened.push(listener);
  return { port: listener.port, asked };
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe.each([
  ["of one address", { maxPerAddress: 3, max: 100, lateMs: 600_000 }],
  ["of all", { maxPerAddress: 100, max: 3, lateMs: 600_000 }],
])("With as many connections %s as there may be, one more", (_whose, connections) => {
  it("takes the place of the one that was idle for the longest", async () => {
    const { port, asked } = await open(connections);
    const busy = await connectRaw(port);
    busy.socket.write(request("/waits"));
    await expect.poll(() => asked.length).toBe(1);
    const idle = await connectRaw(port);
    idle.socket.write(request("/now"));
    await idle.until("answered");
    const later = await connectRaw(port);
    later.socket.write(request("/now"));
    await later.until("answered");
    const next = await connectRaw(port);
    next.socket.write(request("/now"));
    await next.until("answered");
    await idle.closed;
    asked[0]?.end("in the end");
    await busy.until("in the end");
    later.socket.write(request("/now"));
    await expect.poll(() => later.received().split("answered").length).toBe(3);
  });

  it("takes the place of one that says nothing, of one whose request does not come, and of an HTTP/2 one", async () => {
    const { port, asked } = await open(connections);
    const silent = await connectRaw(port);
    const half = await connectRaw(port);
    half.socket.write("POST /waits HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    await expect.poll(() => asked.length).toBe(1);
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": "/waits" }, { endStream: false });
    stream.on("error", () => {});
    const gone = new Promise((resolve) => session.once("close", resolve));
    await expect.poll(() => asked.length).toBe(2);
    for (let count = 0; count < 3; count += 1) {
      const next = await connectRaw(port);
      next.socket.write(request("/waits"));
      await expect.poll(() => asked.length).toBe(count + 3);
    }
    await Promise.all([silent.closed, half.closed, gone]);
  });

  it("takes the place of one whose caller asks for more and reads nothing", async () => {
    const { port, asked } = await open(connections);
    const unread = net.connect(port, "127.0.0.1").pause();
    unread.write(request("/page") + request("/page"));
    const busy = [await connectRaw(port), await connectRaw(port)];
    for (const { socket } of busy) socket.write(request("/waits"));
    await expect.poll(() => asked.length).toBe(2);
    const next = await connectRaw(port);
    next.socket.write(request("/now"));
    await next.until("answered");
    unread.destroy();
  });

  it("is refused when a call is under way on all of them, also before a request that has not come whole", async () => {
    const { port, asked } = await open(connections);
    const busy = [await connectRaw(port), await connectRaw(port), await connectRaw(port)];
    const half = "POST /waits HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab";
    for (const { socket } of busy) socket.write(request("/waits") + half);
    await expect.poll(() => asked.length).toBe(6);
    const refused = await connectRaw(port);
    await refused.closed;
    asked[0]?.end("in the end");
    await busy[0]?.until("in the end");
  });

  it("is refused when calls are under way on all of them", async () => {
    const { port, asked } = await open(connections);
    const busy = [await connectRaw(port), await connectRaw(port)];
    for (const { socket } of busy) socket.write(request("/waits"));
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const stream = session.request({ ":path": "/waits" });
    await expect.poll(() => asked.length).toBe(3);
    const refused = await connectRaw(port);
    await refused.closed;
    for (const response of asked) response.end("in the end");
    for (const client of busy) await client.until("in the end");
    expect((await stream.toArray()).join("")).toBe("in the end");
    session.close();
    const next = await connectRaw(port);
    next.socket.write(request("/now"));
    await next.until("answered");
  });

  it("takes the place of one that says nothing, not of one whose request comes slowly", async () => {
    const { port, asked } = await open({ ...connections, lateMs: 0 });
    const slow = await connectRaw(port);
    slow.socket.write("POST /waits HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n");
    await expect.poll(() => asked.length).toBe(1);
    for (let count = 0; count < 20; count += 1) {
      slow.socket.write("x");
      await connectRaw(port);
    }
    slow.socket.write("x".repeat(30));
    asked[0]?.end("in the end");
    await slow.until("in the end");
  });
});

describe("Connections", () => {
  /** Connections of one address that were opened and used at these times. */
  function used(connections: Connections, times: readonly number[]): ClientConnection[] {
    return times.map((usedAtMs) => {
      const connection = connections.add(new net.Socket(), usedAtMs);
      if (connection === undefined) throw new Error("there is no room");
      connection.hasAsked = true;
      return connection;
    });
  }
  const busyWith = (connection: ClientConnection) => {
    const stream = { endAfterHeaders: true, writableEnded: false } as unknown as http2.ServerHttp2Stream;
    connection.streams.set(stream, connection.usedAtMs);
  };

  it("give up one whose stream has no end rather than one in use, between two of its calls", () => {
    const connections = new Connections({ maxPerAddress: 3, max: 3 });
    const [first, second, inUse] = used(connections, [0, 10, 4_995]);
    for (const connection of [first, second]) if (connection !== undefined) busyWith(connection);
    expect(connections.add(new net.Socket(), 5_000)).toBeDefined();
    const left = [first, second, inUse].map((one) => one !== undefined && connections.of(one.socket) === one);
    expect(left.filter((is) => is)).toHaveLength(2);
    expect(left[2]).toBe(true);
  });

  it("refuse one more while each was asked for something just now", () => {
    const connections = new Connections({ maxPerAddress: 3, max: 3 });
    for (const connection of used(connections, [4_500, 4_600, 4_700])) busyWith(connection);
    expect(connections.add(new net.Socket(), 5_000)).toBeUndefined();
  });
});
