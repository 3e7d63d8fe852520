import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { byHttp } from "../protocols/by-http.ts";
import { hostileProcessSpec, randomName, TestManager } from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const maxUnreadBytes = 20_000_000;
const sentBytes = 10_000_000;
/** Beyond twice the limit each more costs the one that stood still the longest. */
const callers = 6;

let manager: TestManager;
const server = randomName();
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process", MCPM_MAX_UNREAD_BYTES: String(maxUnreadBytes) });
  await manager.client.start({ name: server, spec: hostileProcessSpec() });
});
afterAll(() => manager[Symbol.asyncDispose]());

const rpcPath = "/mcpmanager.v1.ManagerService/CallTool";
const posts = {
  gRPC: { path: rpcPath, type: "application/grpc" },
  "gRPC, streamed,": { path: `${rpcPath}Stream`, type: "application/grpc" },
  "gRPC-Web": { path: rpcPath, type: "application/grpc-web+proto" },
  Connect: { path: rpcPath, type: "application/json" },
  REST: { path: `/servers/${server}/call`, type: "application/json" },
};
type Post = { readonly path: string; readonly type: string };

/** A request of which a part was sent. */
interface Sent {
  /** How the manager ended it. */
  readonly lost: Promise<unknown>;
  leave(): void;
}

/** An envelope that says it has more, and a text that has no end, are both begun well. */
function begun(type: string): Buffer {
  const body = Buffer.alloc(sentBytes, " ");
  if (!type.startsWith("application/grpc")) return body;
  body[0] = 0;
  body.writeUInt32BE(sentBytes + 1000, 1);
  return body;
}

const senders = {
  async "HTTP/1.1"({ path, type }: Post): Promise<Sent> {
    const outgoing = http.request(`${manager.url}${path}`, { method: "POST", headers: { "content-type": type } });
    const lost = new Promise((resolve) => outgoing.once("error", ({ message }) => resolve(message)));
    await new Promise<void>((resolve) => outgoing.write(begun(type), () => resolve()));
    return { lost, leave: () => outgoing.destroy() };
  },
  async "HTTP/2"({ path, type }: Post): Promise<Sent> {
    const session = http2.connect(manager.url);
    session.on("error", () => {});
    await once(session, "remoteSettings");
    const headers = { ":method": "POST", ":path": path, "content-type": type, te: "trailers" };
    const stream = session.request(headers, { endStream: false });
    const lost = new Promise((resolve) => stream.once("error", () => resolve(stream.rstCode)));
    await Promise.race([new Promise<void>((resolve) => stream.write(begun(type), () => resolve())), lost]);
    return { lost, leave: () => session.destroy() };
  },
};

describe("Of callers that send a part of large requests and stop", () => {
  it.each(byHttp(posts))("over %s and %s the first loses its call, and others are served", async (by, http) => {
    const first = await senders[http](posts[by]);
    const others: Sent[] = [];
    for (let count = 1; count < callers; count += 1) others.push(await senders[http](posts[by]));
    expect(await first.lost).toBe(http === "HTTP/2" ? http2.constants.NGHTTP2_ENHANCE_YOUR_CALM : "socket hang up");
    const { resultJson } = await manager.client.callTool({
      server,
      tool: "echo",
      input: { case: "argumentsJson", value: '{"text":"served"}' },
      resultFormat: ResultFormat.JSON,
    });
    expect(resultJson).toContain("served");
    for (const sent of [first, ...others]) sent.leave();
  });
});

describe("The deadline of a request of which a part was sent", () => {
  const part = Buffer.from('{"tool":');
  const timeout = { "connect-timeout-ms": "50", "content-type": "application/json" };

  it.each(["Connect", "REST"] as const)("is kept by %s over HTTP/1.1, and its connection can go", async (by) => {
    const headers = { ...timeout, "content-length": "1000" };
    const outgoing = http.request(`${manager.url}${posts[by].path}`, { method: "POST", headers });
    outgoing.on("error", () => {});
    outgoing.write(part);
    const [response] = (await once(outgoing, "response")) as [http.IncomingMessage];
    expect(response.statusCode).toBe(504);
    expect(await text(response)).toMatch(/"DEADLINE_EXCEEDED".*"not_sent"/);
    outgoing.destroy();
  });

  it.each(["Connect", "REST"] as const)("is kept by %s over HTTP/2, and its connection goes on", async (by) => {
    const session = http2.connect(manager.url);
    const request = (path: string) =>
      session.request({ ":method": "POST", ":path": path, ...timeout }, { endStream: false });
    const stream = request(posts[by].path);
    stream.write(part);
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    expect(headers[":status"]).toBe(504);
    expect(await text(stream)).toMatch(/"DEADLINE_EXCEEDED".*"not_sent"/);
    const whole = request(`/servers/${server}/call`);
    whole.end('{"tool":"echo","arguments":{"text":"on"}}');
    expect(await text(whole)).toContain("on");
    session.destroy();
  });
});
