import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { NodeHandler, NodeRequest, NodeResponse } from "../../src/server/handlers/node-handler.ts";
import { Listener } from "../../src/server/listener.ts";
import { connectRaw } from "./raw-client.ts";

const opened: Listener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close({ graceMs: 0 })));
});

/** A listener whose responses say method, path and HTTP version. */
async function open(
  options: { handler?: NodeHandler; firstBytesMs?: number; pingMs?: number } = {},
): Promise<Listener> {
  const say: NodeHandler = (request, response) => {
    response.setHeader("content-type", "text/plain");
    response.end(`${request.method} ${request.url} HTTP/${request.httpVersion}`);
  };
  const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler: say, ...options });
  opened.push(listener);
  return listener;
}

async function overHttp1(port: number, options: http.RequestOptions = {}): Promise<string> {
  const request = http.request({ host: "127.0.0.1", port, path: "/x", agent: false, ...options });
  request.end();
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  return (await response.toArray()).join("");
}

function openHttp2(port: number): http2.ClientHttp2Session {
  return http2.connect(`http://127.0.0.1:${port}`);
}

async function overHttp2(session: http2.ClientHttp2Session): Promise<string> {
  const stream = session.request({ ":path": "/x" });
  stream.end();
  return (await stream.toArray()).join("");
}

/** A handler that responds when told to. */
function slowHandler() {
  const asked = Promise.withResolvers<NodeResponse>();
  const handler: NodeHandler = (_request: NodeRequest, response: NodeResponse) => asked.resolve(response);
  return { handler, asked: asked.promise };
}

describe("Listener", () => {
  it("answers HTTP/1.1 and HTTP/2 on one port", async () => {
    const { port } = await open();
    const session = openHttp2(port);
    expect(await overHttp1(port)).toBe("GET /x HTTP/1.1");
    expect(await overHttp2(session)).toBe("GET /x HTTP/2.0");
    session.close();
  });

  it("reads an HTTP/2 preface that comes byte by byte", async () => {
    const { port } = await open();
    using proxy = await slowProxy(port);
    const session = openHttp2(proxy.port);
    expect(await overHttp2(session)).toBe("GET /x HTTP/2.0");
    session.close();
  });

  it.each(["PROPFIND /x HTTP/1.1\r\n", "PRI /x HTTP/1.1\r\n"])("reads %j as what it is: no preface", async (line) => {
    const { port } = await open();
    const client = await connectRaw(port);
    await trickle(client.socket, Buffer.from(`${line}Host: x\r\nConnection: close\r\n\r\n`));
    await client.closed;
    expect(client.received()).toMatch(line.startsWith("PROPFIND") ? /PROPFIND \/x HTTP\/1\.1$/ : /^HTTP\/1\.1 400 /);
  });

  it("answers garbage with 400", async () => {
    const { port } = await open();
    for (const garbage of ["\u0000\u0001\u0002\r\n\r\n", "hello\r\n\r\n", "\x16\x03\x01\x02\x00\x01\r\n\r\n"]) {
      const client = await connectRaw(port);
      client.socket.write(garbage, "latin1");
      await client.until("HTTP/1.1 400");
      await client.closed;
    }
  });

  it("closes a connection that says nothing, or only half a preface", async () => {
    const { port } = await open({ firstBytesMs: 20 });
    const silent = await connectRaw(port);
    const half = await connectRaw(port);
    half.socket.write("PRI * HT");
    await Promise.all([silent.closed, half.closed]);
    expect(silent.received() + half.received()).toBe("");
  });

  it("does not hold the time limit of the first bytes against those who spoke", async () => {
    const slow = slowHandler();
    const { port } = await open({ firstBytesMs: 20, handler: slow.handler });
    const silent = await connectRaw(port);
    const text = overHttp1(port);
    const response = await slow.asked;
    const later = await connectRaw(port);
    await Promise.all([silent.closed, later.closed]);
    response.end("still here");
    expect(await text).toBe("still here");
  });

  it("answers a client that ends its side with its request, and ends the connection after that", async () => {
    const { port } = await open();
    const client = await connectRaw(port);
    client.socket.end("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.closed;
    expect(client.received()).toContain("GET /x HTTP/1.1");
  });

  it("takes a client for gone that ends its side while its call is under way", async () => {
    const slow = slowHandler();
    const { port } = await open({ handler: slow.handler });
    const client = await connectRaw(port);
    client.socket.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    const gone = once(await slow.asked, "close");
    client.socket.end();
    await Promise.all([gone, client.closed]);
  });

  it("ends a connection whose client ends its side and has asked nothing", async () => {
    const { port } = await open();
    for (const words of ["", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nHo"]) {
      const client = await connectRaw(port);
      client.socket.end(words);
      await client.closed;
    }
  });

  it("closes an HTTP/2 connection that says no more than its preface", async () => {
    const { port } = await open({ firstBytesMs: 20 });
    const client = await connectRaw(port);
    client.socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await client.closed;
  });

  it("closes an HTTP/2 connection that leaves a ping unanswered, or does not go when it is told to", async () => {
    const { port } = await open({ pingMs: 20 });
    const client = await connectRaw(port);
    client.socket.write(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1"));
    await client.closed;
  });

  it("closes an HTTP/2 connection that is not used any more, and none with a request under way", async () => {
    const slow = slowHandler();
    // Both ends are in this process, which must come to answer within that.
    const { port } = await open({ handler: slow.handler, pingMs: 200 });
    const used = openHttp2(port);
    const text = overHttp2(used);
    const response = await slow.asked;
    const idle = openHttp2(port);
    const goodbye = once(idle, "goaway");
    await once(idle, "close");
    await goodbye;
    expect(used.closed || used.destroyed).toBe(false);
    response.end("still here");
    expect(await text).toBe("still here");
    await once(used, "close");
  });

  it("closes an HTTP/2 connection that sends lists of headers that are too long, and no request", async () => {
    const { port } = await open();
    const session = openHttp2(port);
    expect(await overHttp2(session)).toBe("GET /x HTTP/2.0");
    const client = await connectRaw(port);
    client.socket.write(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1"));
    // `accept-encoding: gzip, deflate` of the static table, ten thousand times.
    const list = Buffer.concat([Buffer.from([0x82, 0x86, 0x84]), Buffer.alloc(10_000, 0x90)]);
    const head = Buffer.from([0, 0, 0, 1, 5, 0, 0, 0, 0]);
    head.writeUIntBE(list.length, 0, 3);
    for (let id = 1; !client.socket.destroyed; id += 2) {
      head.writeUInt32BE(id, 5);
      if (!client.socket.write(Buffer.concat([head, list]))) {
        await Promise.race([client.closed, new Promise((resolve) => client.socket.once("drain", resolve))]);
      }
    }
    expect(await overHttp2(session)).toBe("GET /x HTTP/2.0");
    session.close();
  });

  it("answers on an HTTP/2 connection whose client leaves 20 MB of other responses unread", async () => {
    const { port } = await open({
      handler: (request, response) => response.end(request.url === "/x" ? "small" : Buffer.alloc(20_000_000)),
    });
    const session = openHttp2(port);
    const unread = session.request({ ":path": "/large" });
    await once(unread, "response");
    expect(await overHttp2(session)).toBe("small");
    session.destroy();
  });

  it("survives clients that leave in mid-word and in mid-call", async () => {
    const slow = slowHandler();
    const { port } = await open({ handler: slow.handler });
    for (const words of ["", "P", "PRI * HTTP/2.0\r\n\r\nSM", "GET / HTTP/1.1\r\nHo"]) {
      const client = await connectRaw(port);
      client.socket.write(words);
      client.socket.resetAndDestroy();
      await client.closed;
    }
    const leaving = await connectRaw(port);
    leaving.socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    const response = await slow.asked;
    const gone = once(response, "close");
    leaving.socket.resetAndDestroy();
    await gone;
    response.end("too late");
    const session = openHttp2(port);
    session.on("error", () => {});
    await once(session, "connect");
    session.destroy();
  });

  it("throws the system's error when the port is taken", async () => {
    const { port } = await open();
    await expect(Listener.open({ host: "127.0.0.1", port, handler: () => {} })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});

describe("Listener.close", () => {
  it("lets requests under way finish, over both protocols, and accepts nothing new", async () => {
    const responses: NodeResponse[] = [];
    const both = Promise.withResolvers<void>();
    const listener = await open({
      handler: (_request: NodeRequest, response: NodeResponse) => {
        if (responses.push(response) === 2) both.resolve();
      },
    });
    const session = openHttp2(listener.port);
    const texts = [overHttp1(listener.port), overHttp2(session)];
    await both.promise;
    const { port } = listener;
    const closed = listener.close({ graceMs: 60_000 });
    await expect(overHttp1(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    for (const response of responses) response.end("finished");
    expect(await Promise.all(texts)).toEqual(["finished", "finished"]);
    await closed;
  });

  it("does not wait for idle or silent connections", async () => {
    const listener = await open();
    const silent = await connectRaw(listener.port);
    const half = await connectRaw(listener.port);
    half.socket.write("PRI");
    const agent = new http.Agent({ keepAlive: true });
    expect(await overHttp1(listener.port, { agent })).toBe("GET /x HTTP/1.1");
    const session = openHttp2(listener.port);
    expect(await overHttp2(session)).toBe("GET /x HTTP/2.0");
    await listener.close({ graceMs: 60_000 });
    await Promise.all([silent.closed, half.closed]);
    agent.destroy();
  });

  it("destroys what is left when the grace is over", async () => {
    const slow = slowHandler();
    const listener = await open({ handler: slow.handler });
    const text = overHttp1(listener.port);
    text.catch(() => {});
    await slow.asked;
    await listener.close({ graceMs: 20 });
    await expect(text).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});

/** Writes byte by byte, one in a turn of the event loop, so that the other end reads them one by one. */
async function trickle(socket: net.Socket, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes) {
    if (!socket.writable) return;
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A port that hands on to another what it gets, byte by byte. */
async function slowProxy(to: number): Promise<Disposable & { readonly port: number }> {
  const server = net.createServer((client) => {
    const upstream = net.connect({ port: to, host: "127.0.0.1", noDelay: true });
    let written = Promise.resolve();
    client.on("data", (chunk) => {
      written = written.then(() => trickle(upstream, chunk));
    });
    upstream.pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as net.AddressInfo).port, [Symbol.dispose]: () => server.close() };
}

describe("A connection that HTTP/2 ends for its frames, as soon as a stream was opened", () => {
  it("ends neither the process nor anybody else's", async () => {
    const frame = (type: number, flags: number, id: number, payload = Buffer.alloc(0)) => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head.set([type, flags], 3);
      head.writeUInt32BE(id, 5);
      return Buffer.concat([head, payload]);
    };
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // POST / for x, without an end; then more frames that carry nothing than Node takes.
    const request = frame(1, 4, 1, Buffer.from([0x83, 0x86, 0x84, 0x41, 1, 0x78]));
    const bytes = Buffer.concat([preface, frame(4, 0, 0), request, ...Array(20_000).fill(frame(0, 0, 1))]);
    const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler: (request) => request.resume() });
    for (let count = 0; count < 50; count += 1) {
      const socket = net.connect(listener.port, "127.0.0.1");
      socket.on("error", () => {}).resume();
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(bytes);
      await closed;
    }
    const other = net.connect(listener.port, "127.0.0.1");
    await new Promise((resolve) => other.once("connect", resolve));
    other.destroy();
    await listener.close({ graceMs: 0 });
  });
});
