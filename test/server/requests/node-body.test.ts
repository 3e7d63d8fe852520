import http2 from "node:http2";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Listener } from "../../../src/server/listener.ts";
import { bodyOf } from "../../../src/server/requests/node-body.ts";
import { connectRaw } from "../raw-client.ts";

let listener: Listener;
let begun: PromiseWithResolvers<void>;
let failed: PromiseWithResolvers<unknown>;
beforeEach(async () => {
  begun = Promise.withResolvers();
  failed = Promise.withResolvers();
  const handler = async (request: Parameters<typeof bodyOf>[0]) => {
    try {
      for await (const _chunk of bodyOf(request)) begun.resolve();
    } catch (error) {
      failed.resolve(error);
    }
  };
  listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
});
afterEach(() => listener.close({ graceMs: 0 }));

const leave: Record<string, (port: number) => Promise<void>> = {
  async "HTTP/1.1"(port) {
    const { socket } = await connectRaw(port);
    socket.write("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
    await begun.promise;
    socket.destroy();
  },
  async "HTTP/2"(port) {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const stream = session.request({ ":method": "POST", ":path": "/x" }, { endStream: false });
    stream.on("error", () => {});
    stream.write("abc");
    await begun.promise;
    session.destroy();
  },
};

it.each(Object.keys(leave))(
  "A body that its caller leaves unfinished is CANCELLED, and no bug (%s)",
  async (version) => {
    await leave[version]?.(listener.port);
    expect(await failed.promise).toMatchObject({ kind: "cancelled", details: { reason: "CANCELLED" } });
  },
);
