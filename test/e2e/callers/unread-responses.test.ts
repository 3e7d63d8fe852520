import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CallToolRequestSchema, CallToolStreamRequestSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { byHttp } from "../protocols/by-http.ts";
import { hostileProcessSpec, randomName, TestManager } from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const maxUnreadBytes = 40_000_000;
const resultBytes = 15_000_000;
/** What the system leaves of such a response to the manager is 8 MB and more: of so many one must go at least. */
const callers = 6;

let manager: TestManager;
const server = randomName();
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process", MCPM_MAX_UNREAD_BYTES: String(maxUnreadBytes) });
  await manager.client.start({ name: server, spec: hostileProcessSpec() });
});
afterAll(() => manager[Symbol.asyncDispose]());

interface Post {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

const json = Buffer.from(JSON.stringify({ tool: "large", arguments: { bytes: resultBytes } }));
const rpcJson = Buffer.from(JSON.stringify({ server, tool: "large", arguments: { bytes: resultBytes } }));
const rpcPath = "/mcpmanager.v1.ManagerService/CallTool";

const call = {
  server,
  tool: "large",
  input: { case: "argumentsJson" as const, value: JSON.stringify({ bytes: resultBytes }) },
};
/** What waits of a streamed result is next to nothing, but for the rest of it. */
const streamedJson = Buffer.from(
  JSON.stringify({ tool: "large", arguments: { bytes: resultBytes }, max_message_bytes: 65_536 }),
);
const streamedCall = create(CallToolStreamRequestSchema, { ...call, maxMessageBytes: 65_536 });

function envelope(body = toBinary(CallToolRequestSchema, create(CallToolRequestSchema, call))): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

const posts = {
  Connect: { path: rpcPath, type: "application/json", body: rpcJson },
  gRPC: { path: rpcPath, type: "application/grpc", body: envelope() },
  "gRPC-Web": { path: rpcPath, type: "application/grpc-web+proto", body: envelope() },
  "gRPC, streamed,": {
    path: `${rpcPath}Stream`,
    type: "application/grpc",
    body: envelope(toBinary(CallToolStreamRequestSchema, streamedCall)),
  },
  "REST, streamed,": { path: `/servers/${server}/call/stream`, type: "application/json", body: streamedJson },
  REST: { path: `/servers/${server}/call`, type: "application/json", body: json },
} satisfies Record<string, Post>;

/** The manager is in this process: over HTTP/1.1 a caller that does not read does not see that its connection is gone. */
const received: http.ServerResponse[] = [];
const noteResponse = (message: unknown) => received.push((message as { response: http.ServerResponse }).response);
beforeAll(() => subscribe("http.server.request.start", noteResponse));
afterAll(() => unsubscribe("http.server.request.start", noteResponse));

/** A response of which nothing is read but what is asked for. */
interface Received {
  readonly body: Readable;
  /** Resolves when the manager gave it up. */
  readonly lost: Promise<unknown>;
  leave(): void;
}

const openers = {
  async "HTTP/1.1"({ path, type, body }: Post): Promise<Received> {
    const outgoing = http.request(`${manager.url}${path}`, { method: "POST", headers: { "content-type": type } });
    outgoing.end(body);
    const [response] = (await once(outgoing, "response")) as [http.IncomingMessage];
    const answered = received.splice(0).at(-1);
    if (answered === undefined) throw new Error("the manager has seen no request");
    return { body: response, lost: once(answered, "close"), leave: () => outgoing.destroy() };
  },
  async "HTTP/2"({ path, type, body }: Post): Promise<Received> {
    const session = http2.connect(manager.url);
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": type, te: "trailers" });
    const lost = new Promise((resolve) => stream.once("error", resolve));
    stream.end(body);
    await once(stream, "response");
    return { body: stream, lost, leave: () => session.destroy() };
  },
};

async function bytesOf(body: Readable, pauseMs = 0): Promise<number> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (pauseMs > 0) await delay(pauseMs);
  }
  return bytes;
}

describe("Of callers that leave large responses unread", () => {
  it.each(byHttp(posts))(
    "over %s and %s some lose them, and one that reads slowly gets all of its own",
    async (by, http) => {
      const slow = await openers[http](posts[by]);
      const read = bytesOf(slow.body, 5);
      const lost = Promise.withResolvers<void>();
      const stalled: Received[] = [];
      for (let count = 0; count < callers; count += 1) {
        const received = await openers[http](posts[by]);
        stalled.push(received);
        void received.lost.then(() => lost.resolve());
      }
      await lost.promise;
      expect(await read).toBeGreaterThan(resultBytes);
      for (const received of [slow, ...stalled]) received.leave();
    },
  );
});
