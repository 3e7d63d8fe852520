// Clients cap the metadata of a response, many of them at 8 KiB. The largest error that the manager can make must fit, by
// every protocol.

import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { openClient } from "../e2e/clients.ts";
import { protocols } from "./ask.ts";
import { BrokenFleet } from "./broken-fleet.ts";

const maxMetadataBytes = 8192;
const emoji = "🙈".repeat(5000);

/** More than any module gives, in characters of four bytes, which are twelve when they are percent-encoded. */
const largest = new ManagerError("call_lost", emoji, {
  details: {
    reason: "UNSUPPORTED_PROTOCOL_VERSION",
    delivery: "not_sent",
    server: "s".repeat(48),
    instance: "00000000-0000-0000-0000-000000000000",
    exitCode: -2_147_483_648,
    oomKilled: true,
    stderrTail: emoji,
    rpcCode: -2_147_483_648,
    rpcData: emoji,
    retryAfterMs: 86_400_001,
    violations: Array.from({ length: 20 }, () => ({ field: `spec.env["${emoji}"]`, description: emoji })),
  },
});

let broken: BrokenFleet;
beforeAll(async () => {
  broken = await BrokenFleet.open(largest);
});
afterAll(() => broken[Symbol.asyncDispose]());

describe("The largest error", () => {
  it.each(protocols)("comes whole over %s", async (protocol) => {
    const received = await broken.ask[protocol]("Get", { name: "x" });
    expect(received).toMatchObject({ code: 10, reason: "UNSUPPORTED_PROTOCOL_VERSION", retryDelayMs: 86_400_001 });
    expect(received.message).toMatch(/^🙈+…$/u);
    expect(received.metadata.stderr_tail).toMatch(/^…🙈+$/u);
    expect(received.metadata.rpc_data).toMatch(/^🙈+…$/u);
    expect(received.fields.length).toBeGreaterThan(0);
  });

  it("reaches grpc-js with all its trailers", async () => {
    using client = openClient("gRPC (grpc-js)", broken.url);
    const error = await client.call("Get", { name: "x" }).then(
      () => undefined,
      (failure: { code: number; details: string; metadata: { get(key: string): Buffer[] } }) => failure,
    );
    expect(error?.code).toBe(10);
    expect(error?.details).toMatch(/^🙈+…$/u);
    expect(error?.metadata.get("grpc-status-details-bin")).toHaveLength(1);
  });

  it.each([
    ["a unary RPC over gRPC", "Get", "application/grpc"],
    ["a stream over gRPC", "Logs", "application/grpc"],
    ["a unary RPC over Connect", "Get", "application/json"],
    ["a stream over Connect", "Logs", "application/connect+json"],
  ])("keeps the headers and trailers of %s below 8 KiB over HTTP/2", async (_what, method, type) => {
    const session = http2.connect(broken.url);
    const stream = session.request({
      ":method": "POST",
      ":path": `/mcpmanager.v1.ManagerService/${method}`,
      "content-type": type,
    });
    const blocks: http2.IncomingHttpHeaders[] = [];
    stream.on("response", (headers) => blocks.push(headers));
    stream.on("trailers", (headers) => blocks.push(headers));
    stream.end(bodyOf(type));
    stream.resume();
    await once(stream, "close");
    session.destroy();
    expect(blocks.length).toBe(type === "application/grpc" ? 2 : 1);
    // Those who cap headers and trailers together (nginx, by one buffer) must have room, too.
    const bytes = blocks
      .flatMap((headers) => Object.entries(headers))
      .map(([name, value]) => sizeOf(name, String(value)));
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(maxMetadataBytes);
  });

  it.each([
    ["gRPC-Web", "Get", "application/grpc-web+proto"],
    ["gRPC-Web", "Logs", "application/grpc-web+proto"],
    ["Connect", "Get", "application/json"],
  ])(
    "keeps the headers of %s, and gRPC-Web's trailers in the body, below 8 KiB over HTTP/1.1: %s",
    async (_protocol, method, type) => {
      const request = http.request(`${broken.url}/mcpmanager.v1.ManagerService/${method}`, {
        method: "POST",
        agent: false,
        headers: { "content-type": type },
      });
      request.end(bodyOf(type));
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      const body = Buffer.concat(await response.toArray());
      const headers = Object.entries(response.headers).reduce(
        (sum, [name, value]) => sum + sizeOf(name, String(value)),
        0,
      );
      const trailers = type.includes("grpc-web") ? body.length : 0;
      expect(headers + trailers).toBeLessThan(maxMetadataBytes);
    },
  );
});

/** The request `{"name": "x"}` or `{"server": "x"}`, whose first field is number 1. */
function bodyOf(type: string): Buffer {
  const proto = Buffer.from([0x0a, 1, 0x78]);
  const json = Buffer.from(type.includes("connect+") ? '{"server":"x"}' : '{"name":"x"}');
  const message = type.includes("grpc") ? proto : json;
  if (type === "application/json") return message;
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
}

/** As HTTP/2 counts (RFC 9113, 6.5.2). */
function sizeOf(name: string, value: string): number {
  return name.length + Buffer.byteLength(value) + 32;
}
