import type http from "node:http";
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log/log.ts";
import type { NodeHandler } from "../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../src/server/listener.ts";
import { TransferBudget } from "../../../src/server/responses/transfer-budget.ts";
import { connectRaw } from "../raw-client.ts";

const opened: Listener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close({ graceMs: 0 })));
});

async function listen(handler: NodeHandler): Promise<Listener> {
  const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
  opened.push(listener);
  return listener;
}

/** Answers each request by a page of a few hundred kilobytes. */
async function pages() {
  const responses: http.ServerResponse[] = [];
  const page = Buffer.alloc(300_000, "x");
  const listener = await listen((_request, response) => {
    responses.push(response as http.ServerResponse);
    response.end(page);
  });
  return { begun: () => responses.length, responses, page, listener };
}

/** So many turns later, all that was sent before has come. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Until it has been the same for a hundred turns. */
async function settled(of: () => number): Promise<number> {
  let before = -1;
  while (of() !== before) {
    before = of();
    await turns(100);
  }
  return before;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe("Of requests that come at once on one connection over HTTP/1.1", () => {
  it("no more are begun while their caller reads nothing, and all when it does", async () => {
    const { begun, page, listener } = await pages();
    const socket = net.connect(listener.port, "127.0.0.1");
    socket.pause();
    socket.write(get("/").repeat(500));
    // What the system takes is some megabytes.
    expect(await settled(begun)).toBeLessThan(100);
    let bytes = 0;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    socket.resume();
    while (bytes < 500 * page.length) await turns(1);
    expect(begun()).toBe(500);
    socket.destroy();
  });

  it("a thousand are begun while the first is not answered, and the others after it", async () => {
    const waiting: http.ServerResponse[] = [];
    const listener = await listen((_request, response) => {
      waiting.push(response as http.ServerResponse);
    });
    const { socket, until } = await connectRaw(listener.port);
    socket.write(get("/").repeat(1_300));
    expect(await settled(() => waiting.length)).toBe(1_000);
    while (waiting.length > 0) {
      for (const response of waiting.splice(0)) response.end("ok");
      await turns(10);
    }
    socket.write(get("/last"));
    while (waiting.length === 0) await turns(1);
    waiting.shift()?.end("the last");
    await until("the last");
  });

  it("none is begun whose caller left meanwhile", async () => {
    const { begun, responses, listener } = await pages();
    const socket = net.connect(listener.port, "127.0.0.1").pause();
    socket.write(get("/").repeat(500));
    const before = await settled(begun);
    socket.destroy();
    while (!responses.every(({ closed }) => closed)) await turns(1);
    expect(await settled(begun)).toBe(before);
  });

  it("those that wait, of all connections, are bounded: the one that waits the longest goes", async () => {
    const { begun, listener } = await pages();
    const sockets = Array.from({ length: 16 }, () => net.connect(listener.port, "127.0.0.1").pause());
    const [first] = sockets;
    first?.write(get("/").repeat(1_000));
    await settled(begun);
    for (const socket of sockets.slice(1)) socket.write(get("/").repeat(1_000));
    await settled(begun);
    const closed = sockets.map((socket) => {
      socket.on("error", () => {});
      return new Promise((resolve) => socket.once("close", () => resolve(socket)));
    });
    first?.resume();
    expect(await Promise.race(closed)).toBe(first);
    for (const socket of sockets) socket.destroy();
  });
});

describe("TransferBudget", () => {
  it("ends the connection of a response that stands still behind another", async () => {
    const clock = { ms: 0 };
    const budget = new TransferBudget({ maxBytes: 1_000_000, log: silentLog, elapsedMs: () => clock.ms });
    const behind = Promise.withResolvers<void>();
    const listener = await listen((request, response) => {
      if (request.url !== "/behind") return;
      budget.open(response).add(1_000);
      response.end("x".repeat(1_000));
      behind.resolve();
    });
    const { socket, closed } = await connectRaw(listener.port);
    socket.write(get("/first") + get("/behind"));
    await behind.promise;
    clock.ms += 60_000;
    await closed;
    expect(budget.bytes).toBe(0);
  });
});
