import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { respondToMalformed } from "../../../src/server/responses/malformed-response.ts";
import { connectRaw } from "../raw-client.ts";

/** A server whose limits pass soon, and what it was told. */
async function open(handler: http.RequestListener) {
  const limits = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 };
  const server = http.createServer(limits, handler);
  respondToMalformed(server, ({ status, target }) => JSON.stringify({ status, target }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => server.close() };
}

describe("respondToMalformed", () => {
  it("answers 408 to headers that don't come, and to a body that doesn't", async () => {
    using server = await open((request) => request.on("error", () => {}).resume());
    const headers = await connectRaw(server.port);
    headers.socket.write("GET /slow HTTP/1.1\r\nHost:");
    await headers.until('{"status":408,"target":""}');
    const body = await connectRaw(server.port);
    body.socket.write("POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    await body.until('{"status":408,"target":""}');
    await Promise.all([headers.closed, body.closed]);
  });

  it("tells a browser to take the response for nothing else", async () => {
    using server = await open(() => {});
    for (const request of ["nonsense\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"]) {
      const client = await connectRaw(server.port);
      client.socket.write(request);
      await client.closed;
      expect(client.received().toLowerCase()).toContain("x-content-type-options: nosniff\r\n");
      expect(client.received().toLowerCase()).toContain("cross-origin-resource-policy: same-origin\r\n");
    }
  });

  it("says nothing into a response that has begun", async () => {
    using server = await open((request, response) => {
      request.on("error", () => {}).resume();
      response.write("begun");
    });
    const socket = net.connect(server.port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    await once(socket, "data");
    socket.write("no chunk\r\n");
    const rest = (await socket.toArray()).join("");
    expect(rest).not.toContain("HTTP/1.1");
  });
});
