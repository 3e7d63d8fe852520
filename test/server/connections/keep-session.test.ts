import { once } from "node:events";
import http2 from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Listener } from "../../../src/server/listener.ts";

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** A client of a listener that reads bodies whole and then answers. */
async function connect(): Promise<{ session: http2.ClientHttp2Session; isClosed: () => boolean }> {
  const listener = await Listener.open({
    host: "127.0.0.1",
    port: 0,
    handler: (request, response) => {
      request.resume();
      request.once("end", () => response.end());
    },
  });
  const session = http2.connect(`http://127.0.0.1:${listener.port}`);
  let closed = false;
  session
    .on("error", () => {})
    .once("close", () => {
      closed = true;
    });
  opened.push({
    async [Symbol.asyncDispose]() {
      session.destroy();
      await listener.close({ graceMs: 0 });
    },
  });
  await once(session, "remoteSettings");
  return { session, isClosed: () => closed };
}

/** Longer than the pause between two looks at a connection. */
const beyondOneLookMs = 250;
const manyLooksMs = 10_000;

describe("A connection over HTTP/2", () => {
  it("is kept when the rest of a large body comes, and its call ends, between two looks", async () => {
    const { session, isClosed } = await connect();
    for (let round = 0; round < 3; round += 1) {
      const stream = session.request({ ":method": "POST", ":path": "/" });
      stream.resume().on("error", () => {});
      stream.write("x");
      await delay(beyondOneLookMs);
      stream.end(Buffer.alloc(1024 * 1024));
      await once(stream, "close");
      await delay(beyondOneLookMs);
    }
    expect(isClosed()).toBe(false);
  });

  it("is closed when it brings much of which no request comes", async () => {
    const { session } = await connect();
    // Not by once: what ends it is an error to the client, too.
    const closed = new Promise((resolve) => session.once("close", resolve));
    const until = performance.now() + manyLooksMs;
    // More headers than Node takes, which resets the stream before anybody hears of it.
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, "x".repeat(300)]));
    while (!session.destroyed && performance.now() < until) {
      const stream = session.request({ ":path": "/", ...headers });
      stream.on("error", () => {}).end();
      await delay(1);
    }
    await closed;
  });
});
