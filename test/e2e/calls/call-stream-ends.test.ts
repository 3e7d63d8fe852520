import http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  CallToolStreamRequestSchema,
  type CallToolStreamResponse,
  ManagerService,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { openRestStream, type RestProtocol } from "../protocols/rest-stream.ts";
import { input, restPath, StreamStage, told } from "../streams/stream-stage.ts";
import { errorInfo, failureOf, grpcClient, type ManagerClient } from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let stage: StreamStage;
beforeAll(async () => {
  stage = await StreamStage.open();
});
afterAll(() => stage[Symbol.asyncDispose]());

describe("A caller that leaves a stream", () => {
  const ways: readonly [string, (server: string) => Promise<() => void>][] = [
    ["gRPC", (server) => follow(grpcClient(stage.manager.url), server)],
    [
      "gRPC-Web",
      (server) =>
        follow(
          createClient(ManagerService, createGrpcWebTransport({ baseUrl: stage.manager.url, httpVersion: "1.1" })),
          server,
        ),
    ],
    [
      "Connect",
      (server) =>
        follow(
          createClient(ManagerService, createConnectTransport({ baseUrl: stage.manager.url, httpVersion: "2" })),
          server,
        ),
    ],
    ["REST over HTTP/1.1", (server) => followRest("HTTP/1.1", server)],
    ["REST over HTTP/2", (server) => followRest("HTTP/2", server)],
  ];

  /** Follows a call that never ends, and says how its caller leaves. */
  async function follow(by: ManagerClient, server: string): Promise<() => void> {
    const left = new AbortController();
    const events = by.callToolStream({ server, tool: "never" }, { signal: left.signal })[Symbol.asyncIterator]();
    expect((await events.next()).value?.event.case).toBe("heartbeat");
    events.next().catch(() => {});
    return () => left.abort();
  }

  async function followRest(protocol: RestProtocol, server: string): Promise<() => void> {
    const stream = await openRestStream(stage.manager.url, {
      protocol,
      path: restPath(server),
      body: { tool: "never" },
    });
    expect((await stream.lines.next()).value.heartbeat).toBeDefined();
    return () => stream[Symbol.dispose]();
  }

  it.each(ways)("by %s cancels its call at the server, by our own id", async (_way, make) => {
    const server = await stage.started();
    const leave = await make(server);
    await expect.poll(() => stage.inFlight(server)).toBe(1n);
    leave();
    await expect.poll(() => stage.inFlight(server)).toBe(0n);
    const messages = await stage.received(server);
    const asked = messages.find(({ params }) => params?.name === "never");
    expect(asked?.params?._meta).toEqual({ progressToken: asked?.id });
    const cancelled = messages.filter(({ method }) => method === "notifications/cancelled");
    expect(cancelled.map(({ params }) => params?.requestId)).toEqual([asked?.id]);
  });
});

describe("A server that dies in the middle of a stream", () => {
  it("ends it with how it died, after what it had said", async () => {
    const server = await stage.started();
    const lines = [
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":1}}',
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"I am dying"}}',
    ];
    const events: CallToolStreamResponse[] = [];
    const read = async () => {
      for await (const event of stage.client.callToolStream({ server, tool: "lines", input: input({ lines }) }))
        events.push(event);
    };
    const ended = failureOf(read());
    await expect.poll(() => told(events)).toEqual([1, "I am dying"]);
    const exit = failureOf(stage.all({ server, tool: "exit", input: input({ code: 42, stderr: "no more" }) }));
    for (const failure of [await ended, await exit]) {
      expect(errorInfo(failure)).toMatchObject({
        code: Code.Aborted,
        reason: "SERVER_EXITED",
        delivery: "sent",
        server,
        exit_code: "42",
        stderr_tail: "no more",
      });
    }
  });
});

/** What goes before a message in gRPC's and Connect's streams. */
function envelopeHead(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return head;
}

describe("The deadline of a stream", () => {
  const wanted = { reason: "DEADLINE_EXCEEDED", delivery: "sent" };
  /** An ErrorInfo that says so, in protobuf's bytes. */
  const wantedBytes = /DEADLINE_EXCEEDED.*delivery[^a-z]*sent/s;

  it("is told by its last message over REST, and cancels the call at the server", async () => {
    const server = await stage.started();
    for (const protocol of ["HTTP/1.1", "HTTP/2"] as const) {
      const options = {
        protocol,
        path: restPath(server),
        body: { tool: "never" },
        headers: { "connect-timeout-ms": "300" },
      };
      using stream = await openRestStream(stage.manager.url, options);
      const lines = await Array.fromAsync(stream.lines);
      expect(lines[0]?.heartbeat).toBeDefined();
      expect(lines.at(-1)?.error).toMatchObject({
        code: 4,
        details: [{ reason: wanted.reason, metadata: { delivery: "sent", server } }],
      });
    }
    const messages = await stage.received(server);
    const ids = messages.filter(({ params }) => params?.name === "never").map(({ id }) => id);
    const cancelled = messages.filter(({ method }) => method === "notifications/cancelled");
    expect(cancelled.map(({ params }) => params?.requestId)).toEqual(ids);
  });

  it("is told by gRPC's trailers", async () => {
    const server = await stage.started();
    const session = http2.connect(stage.manager.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/mcpmanager.v1.ManagerService/CallToolStream",
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": "300m",
    });
    const message = toBinary(
      CallToolStreamRequestSchema,
      create(CallToolStreamRequestSchema, { server, tool: "never" }),
    );
    stream.end(Buffer.concat([envelopeHead(message.length), message]));
    stream.resume();
    const trailers = await new Promise<http2.IncomingHttpHeaders>((resolve) => stream.once("trailers", resolve));
    session.destroy();
    expect(trailers["grpc-status"]).toBe("4");
    const details = Buffer.from(String(trailers["grpc-status-details-bin"]), "base64").toString("latin1");
    expect(details).toMatch(wantedBytes);
  });

  it("is told by Connect's last message", async () => {
    const server = await stage.started();
    const body = Buffer.from(JSON.stringify({ server, tool: "never" }));
    const response = await fetch(`${stage.manager.url}/mcpmanager.v1.ManagerService/CallToolStream`, {
      method: "POST",
      headers: { "content-type": "application/connect+json", "connect-timeout-ms": "300" },
      body: Buffer.concat([envelopeHead(body.length), body]),
    });
    const text = await response.text();
    const last = JSON.parse(text.slice(text.indexOf('{"error"')));
    expect(last.error.code).toBe("deadline_exceeded");
    expect(Buffer.from(last.error.details[0].value, "base64").toString("latin1")).toMatch(wantedBytes);
  });

  it("is the spec's when its caller sets none", async () => {
    const server = await stage.started({ callTimeout: { seconds: 0n, nanos: 200_000_000 } });
    const failure = failureOf(stage.all({ server, tool: "never" }));
    expect(errorInfo(await failure)).toMatchObject({ code: Code.DeadlineExceeded, ...wanted, server });
  });

  it("is the operator's maximum when its caller asks for more", async () => {
    await using own = await StreamStage.open({ MCPM_CALL_TIMEOUT_MS: "1000", MCPM_MAX_CALL_TIMEOUT_MS: "1000" });
    const server = await own.started();
    const call = Array.fromAsync(own.client.callToolStream({ server, tool: "never" }, { timeoutMs: 50_000 }));
    expect(errorInfo(await failureOf(call))).toMatchObject({ code: Code.DeadlineExceeded, ...wanted });
  });

  it("of one that still waits for its turn says that nothing was sent", async () => {
    const server = await stage.started({ callLimits: { maxInFlight: 1, maxQueued: 8 } });
    const left = new AbortController();
    const first = failureOf(stage.client.callTool({ server, tool: "never" }, { signal: left.signal }));
    await expect.poll(() => stage.inFlight(server)).toBe(1n);
    const headers = { "connect-timeout-ms": "200" };
    const options = { protocol: "HTTP/2", path: restPath(server), body: { tool: "never" }, headers } as const;
    using stream = await openRestStream(stage.manager.url, options);
    const lines = await Array.fromAsync(stream.lines);
    expect(lines.at(-1)?.error).toMatchObject({
      code: 14,
      details: [{ reason: "SERVER_BUSY", metadata: { delivery: "not_sent", server } }, {}],
    });
    left.abort();
    await first;
  });
});
