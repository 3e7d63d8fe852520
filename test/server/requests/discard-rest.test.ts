import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Listener } from "../../../src/server/listener.ts";
import { bodyOf } from "../../../src/server/requests/node-body.ts";

let listener: Listener;
beforeEach(async () => {
  // Reads one chunk of a body at most, and answers: /some has done with the body then, /held has not.
  listener = await Listener.open({
    host: "127.0.0.1",
    port: 0,
    handler: async (request, response) => {
      if (request.url === "/some") for await (const _chunk of bodyOf(request)) break;
      if (request.url === "/held") await bodyOf(request)[Symbol.asyncIterator]().next();
      response.statusCode = 403;
      response.end("no");
    },
  });
});
afterEach(() => listener.close({ graceMs: 0 }));

/** A request over HTTP/2 with a response, and a body that goes on. */
async function answered(session: http2.ClientHttp2Session, path: string) {
  const stream = session.request({ ":method": "POST", ":path": path }, { endStream: false });
  const closed = once(stream, "close");
  stream.write("x".repeat(10_000));
  await once(stream, "response");
  return { stream, closed, body: (await stream.toArray()).join("") };
}

describe("A request that was answered before its body was read", () => {
  it.each(["/none", "/some", "/held"])("may send the rest: over HTTP/2 its stream is not reset (%s)", async (path) => {
    const session = http2.connect(`http://127.0.0.1:${listener.port}`);
    const { stream, closed, body } = await answered(session, path);
    expect(body).toBe("no");
    // More than the window that a stream begins with: it is read.
    await new Promise((resolve) => stream.write("x".repeat(1_000_000), resolve));
    stream.end();
    await closed;
    expect([stream.rstCode, stream.writableFinished]).toEqual([http2.constants.NGHTTP2_NO_ERROR, true]);
    session.destroy();
  });

  it("does not keep its stream by sending nothing", async () => {
    const session = http2.connect(`http://127.0.0.1:${listener.port}`);
    const { stream, closed } = await answered(session, "/some");
    await closed;
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
    session.destroy();
  });

  it.each(["/none", "/some", "/held"])("leaves the connection to the next one over HTTP/1.1 (%s)", async (path) => {
    using agent = Object.assign(new http.Agent({ keepAlive: true, maxSockets: 1 }), {
      [Symbol.dispose]: () => agent.destroy(),
    });
    const ports = new Set<number | undefined>();
    for (let round = 0; round < 3; round += 1) {
      const request = http.request({ port: listener.port, host: "127.0.0.1", path, method: "POST", agent });
      request.on("socket", (socket) => socket.once("connect", () => ports.add(socket.localPort)));
      request.end(Buffer.alloc(1_000_000));
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      expect((await response.toArray()).join("")).toBe("no");
    }
    expect(ports.size).toBe(1);
  });
});
