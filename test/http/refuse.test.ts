import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { malformedText } from "../../src/http/refuse.ts";
import { respondToMalformed } from "../../src/server/responses/malformed-response.ts";
import { connectRaw } from "../server/raw-client.ts";

it.each([
  ["GET /servers", '"reason":"REQUEST_TIMEOUT"'],
  ["POST /servers/x/call", '"delivery":"not_sent"'],
])("A request that does not come whole in time (%s) is told REQUEST_TIMEOUT", async (line, text) => {
  const limits = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 };
  const server = http.createServer(limits, (request) => request.on("error", () => {}).resume());
  respondToMalformed(server, malformedText);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = await connectRaw((server.address() as AddressInfo).port);
  client.socket.write(`${line} HTTP/1.1\r\nHost:`);
  await client.until(text);
  await client.closed;
  server.close();
  expect(client.received()).toMatch(/^HTTP\/1\.1 408 /);
});
