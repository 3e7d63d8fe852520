import diagnostics from "node:diagnostics_channel";
import { once } from "node:events";
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RequestTurns } from "../../../src/server/connections/request-turns.ts";
import { Listener } from "../../../src/server/listener.ts";
import { connectRaw } from "../raw-client.ts";
import { Turns } from "../turns.ts";

const opened: Listener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close({ graceMs: 0 })));
});

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");

/** A frame of HTTP/2. */
function frame(type: number, flags: number, id: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

/** GET / by a header block of four bytes, of which each stream is reset at once. */
function resets(count: number): Buffer {
  const first = Buffer.from([0x82, 0x86, 0x84, 0x41, 0x01, 0x78]);
  const again = Buffer.from([0x82, 0x86, 0x84, 0xbe]);
  const frames: Buffer[] = [preface];
  for (let index = 0; index < count; index += 1) {
    const id = 2 * index + 1;
    frames.push(frame(1, 5, id, index === 0 ? first : again), frame(3, 0, id, Buffer.from([0, 0, 0, 8])));
  }
  return Buffer.concat(frames);
}

const floods = {
  "requests over HTTP/1.1": {
    bytes: Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(30_000)),
    channel: "http.server.request.start",
  },
  "resets over HTTP/2": { bytes: resets(30_000), channel: "http2.server.stream.start" },
};

describe.each(Object.entries(floods))("Of thousands of %s at once on one connection", (_what, { bytes, channel }) => {
  it("a turn of the event loop begins a hundred, and reads no more than they came with", async () => {
    using begun = new Turns();
    using read = new Turns();
    const listener = await Listener.open({
      host: "127.0.0.1",
      port: 0,
      handler: (_request, response) => {
        begun.note();
        response.end("x");
      },
    });
    opened.push(listener);
    diagnostics.subscribe(channel, read.note);
    const flood = net.connect(listener.port, "127.0.0.1");
    flood.on("error", () => {}).resume();
    const done = once(flood, "close");
    flood.end(bytes);
    const other = await connectRaw(listener.port);
    other.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await other.until("200 OK");
    await done;
    diagnostics.unsubscribe(channel, read.note);
    expect(begun.most).toBeLessThanOrEqual(200);
    // What 64 KiB hold, and a little of others.
    expect(read.most).toBeLessThanOrEqual(3_000);
    expect(read.most).toBeGreaterThan(0);
  });
});

describe("RequestTurns", () => {
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
  const socket = () => new net.Socket();

  /** What each of these connections has begun. */
  function stage(names: readonly string[]) {
    const turns = new RequestTurns(() => []);
    const begun: string[] = [];
    const sockets = new Map(names.map((name) => [name, socket()]));
    const take = (name: string, count = 1) => {
      for (let index = 0; index < count; index += 1) {
        turns.take(sockets.get(name) ?? socket(), () => {
          begun.push(name);
          return true;
        });
      }
    };
    return { begun, take, turns };
  }

  it("begins at once what is not many", async () => {
    const { begun, take } = stage(["a"]);
    for (let turn = 0; turn < 50; turn += 1) {
      take("a", 10);
      expect(begun.splice(0)).toHaveLength(10);
      await nextTurn();
    }
  });

  it("begins one after the other of each connection that waits, however many one has", async () => {
    const { begun, take } = stage(["flood", "b", "c"]);
    take("flood", 5_000);
    take("b", 2);
    take("c");
    expect(begun.splice(0)).toEqual(Array(100).fill("flood"));
    await nextTurn();
    expect(begun.slice(0, 5)).toEqual(["flood", "b", "c", "flood", "b"]);
    expect(begun.splice(0)).toHaveLength(100);
    take("c");
    await nextTurn();
    expect(begun.splice(0).indexOf("c")).toBeLessThan(2);
  });

  it("begins in the order in which they came on a connection", async () => {
    const turns = new RequestTurns(() => []);
    const begun: number[] = [];
    const one = socket();
    for (let index = 0; index < 350; index += 1) {
      turns.take(one, () => begun.push(index) > 0);
    }
    while (begun.length < 350) await nextTurn();
    expect(begun).toEqual(Array.from({ length: 350 }, (_, index) => index));
  });

  it("passes over those that nobody waits for any more", async () => {
    const { begun, take, turns } = stage(["a", "b"]);
    take("a", 100);
    const left = socket();
    for (let index = 0; index < 3_000; index += 1) turns.take(left, () => false);
    take("b");
    await nextTurn();
    expect(begun.slice(100)).toEqual(["b"]);
  });

  it("begins what comes in the turn after one that was full", async () => {
    const { begun, take } = stage(["a", "b"]);
    take("a", 200);
    await nextTurn();
    take("b");
    await nextTurn();
    expect(begun.filter((name) => name === "b")).toHaveLength(1);
  });
});
