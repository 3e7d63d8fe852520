import { once } from "node:events";
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  CallToolRequestSchema,
  GetRequestSchema,
  GetResponseSchema,
  ManagerService,
} from "../../../../gen/mcpmanager/v1/manager_pb.ts";
import { silentLog } from "../../../../src/base/log/log.ts";
import type { UnaryMethod } from "../../../../src/rpc/call/rpc-methods.ts";
import { grpcFastPath } from "../../../../src/rpc/fast-path/grpc/grpc-fast-path.ts";
import type { NodeHandler } from "../../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../../src/server/listener.ts";
import { TransferBudget } from "../../../../src/server/responses/transfer-budget.ts";
import { anOperation, openCall } from "../../a-call.ts";
import { bothPaths } from "../both-paths.ts";
import { ask, envelope, steady } from "../grpc-bytes.ts";

const managers = bothPaths();

const callOf = (text: string, tool = "echo") =>
  toBinary(
    CallToolRequestSchema,
    create(CallToolRequestSchema, {
      server: "h",
      tool,
      input: { case: "argumentsJson", value: JSON.stringify({ text }) },
    }),
  );
const call = envelope(callOf("héllo"));
const eachByte = [...call].map((byte) => Buffer.from([byte]));

describe("By gRPC the fast path answers as the RPC library does", () => {
  it.each<[string, Parameters<typeof ask>[1]]>([
    ["a call", { pieces: [call] }],
    ["a call byte by byte", { pieces: eachByte }],
    ["the other content type", { pieces: [call], headers: { "content-type": "application/grpc+proto" } }],
    [
      "JSON",
      {
        pieces: [envelope(Buffer.from('{"server":"h","tool":"echo"}'))],
        headers: { "content-type": "application/grpc+json" },
      },
    ],
    ["an unknown tool", { pieces: [envelope(callOf("x", "nope"))] }],
    ["a tool that fails", { pieces: [envelope(callOf("x", "fail"))] }],
    ["a field that breaks its rule", { pieces: [envelope(callOf("x", ""))] }],
    [
      "another RPC",
      { path: "Get", pieces: [envelope(toBinary(GetRequestSchema, create(GetRequestSchema, { name: "none" })))] },
    ],
    ["no RPC", { path: "Nope", pieces: [call] }],
    ["a query", { path: "CallTool?a=b", pieces: [call] }],
    ["no message", { pieces: [] }],
    ["an empty message", { pieces: [envelope(Buffer.alloc(0))] }],
    ["half an envelope", { pieces: [call.subarray(0, 3)] }],
    ["half a message", { pieces: [call.subarray(0, -3)] }],
    ["a byte too much", { pieces: [call, Buffer.from([0])] }],
    ["two messages", { pieces: [call, call] }],
    ["bytes that are no message", { pieces: [envelope(Buffer.from([0x0a, 0xff]))] }],
    ["a message that says it is packed", { pieces: [envelope(callOf("x"), { flags: 1 })] }],
    ["a packed stream", { pieces: [call], headers: { "grpc-encoding": "gzip" } }],
    ["a message above the limit", { pieces: [envelope(callOf("x".repeat(70_000)))] }],
    [
      "a message above the limit, in pieces",
      {
        pieces: [envelope(callOf("x".repeat(200_000)))].flatMap((all) => [
          all.subarray(0, 40_000),
          all.subarray(40_000, 80_000),
          all.subarray(80_000),
        ]),
      },
    ],
    ["an envelope that promises too much", { pieces: [envelope(Buffer.alloc(10), { length: 2 ** 31 })] }],
    ["a deadline that is none", { pieces: [call], headers: { "grpc-timeout": "1X" } }],
    ["a deadline beyond a timer", { pieces: [call], headers: { "grpc-timeout": "99999999H" } }],
    ["a deadline that passes", { pieces: [envelope(callOf("x", "never"))], headers: { "grpc-timeout": "50m" } }],
    ["a deadline of nothing", { pieces: [call], headers: { "grpc-timeout": "0m" } }],
    ["a host that is not allowed", { pieces: [call], headers: { ":authority": "evil.example" } }],
    ["an origin that is not allowed", { pieces: [call], headers: { origin: "https://evil.example" } }],
    ["a Host besides the authority", { pieces: [call], headers: { host: "evil.example" } }],
    ["a path that is not in its plain form", { path: "../ManagerService/CallTool", pieces: [call] }],
    ["binary metadata", { pieces: [call], headers: { "a-bin": "AAEC", "b-bin": ["AA", "BB"] } }],
  ])("%s", async (_what, request) => {
    const [fastPath, library] = await Promise.all(managers.map(async ({ url }) => steady(await ask(url, request))));
    expect(fastPath).toEqual(library);
  });

  it("tells a caller to go on that waits for that with its body", async () => {
    for (const { url } of managers) {
      const session = connect(url);
      const stream = session.request({
        ":method": "POST",
        ":path": "/mcpmanager.v1.ManagerService/CallTool",
        "content-type": "application/grpc",
        expect: "100-continue",
      });
      await once(stream, "continue");
      const trailed = once(stream, "trailers");
      stream.resume();
      stream.end(call);
      const [trailers] = (await trailed) as [IncomingHttpHeaders];
      expect(trailers["grpc-status"]).toBe("0");
      session.destroy();
    }
  });

  it("does not begin a call whose deadline passes while its body is on its way", async () => {
    for (const { url, client } of managers) {
      const begun = performance.now();
      const session = connect(url);
      const stream = session.request({
        ":method": "POST",
        ":path": "/mcpmanager.v1.ManagerService/CallTool",
        "content-type": "application/grpc",
        "grpc-timeout": "30m",
      });
      const trailers = new Promise<OutgoingHttpHeaders>((resolve) => stream.on("trailers", resolve));
      stream.resume();
      stream.write(envelope(callOf("late", "pid")).subarray(0, 4));
      // The deadline counts from the headers on.
      await vi.waitFor(async () => {
        await client.get({ name: "h" });
        expect(performance.now() - begun).toBeGreaterThan(40);
      });
      stream.end(envelope(callOf("late", "pid")).subarray(4));
      expect((await trailers)["grpc-status"]).toBe("4");
      session.destroy();
    }
  });
});

/** The fast path alone, with one RPC, and how often it left a request to another. */
async function serveGet() {
  const handler = vi.fn<NodeHandler>((_request, response) => response.end());
  const call = vi.fn<UnaryMethod["call"]>(() => ({ server: { name: "n" } }));
  const streams = grpcFastPath({
    methods: new Map([["/mcpmanager.v1.ManagerService/Get", { kind: "unary", desc: ManagerService.method.get, call }]]),
    interceptors: [],
    maxRequestBytes: 1024,
    openCall,
    operationOf: () => anOperation,
    log: silentLog,
    budget: new TransferBudget({ maxBytes: 1_000_000, log: silentLog, elapsedMs: () => 0 }),
  });
  const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler, streams });
  const url = `http://127.0.0.1:${listener.port}`;
  return { url, handler, call, [Symbol.asyncDispose]: () => listener.close({ graceMs: 0 }) };
}

const get = envelope(toBinary(GetRequestSchema, create(GetRequestSchema, { name: "n" })));

describe("The fast path", () => {
  it("takes a plain call itself, and hands on what is not", async () => {
    await using served = await serveGet();
    const { url, handler } = served;
    const { body, trailers } = await ask(url, { path: "Get", pieces: [get] });
    expect(fromBinary(GetResponseSchema, body.subarray(5)).server?.name).toBe("n");
    expect(trailers["grpc-status"]).toBe("0");
    expect(handler).not.toHaveBeenCalled();
    await ask(url, { path: "Get", pieces: [get, get] });
    await ask(url, { path: "List", pieces: [get] });
    expect(handler).toHaveBeenCalledTimes(2);
  });

  it.each(["responseHeader", "responseTrailer"] as const)(
    "ends the stream of a response whose %s can't be sent, and goes on",
    async (which) => {
      await using served = await serveGet();
      served.call.mockImplementationOnce((_message, context) => {
        context[which].set("connection", "close");
        return { server: { name: "n" } };
      });
      await expect(ask(served.url, { path: "Get", pieces: [get] })).rejects.toThrow(/NGHTTP2_/);
      const { trailers } = await ask(served.url, { path: "Get", pieces: [get] });
      expect(trailers["grpc-status"]).toBe("0");
    },
  );

  it.each([
    ["nothing", 0],
    ["half", 4],
    ["all, but for its end,", get.length],
  ])("keeps the deadline of a request of which %s was sent", async (_part, sent) => {
    await using served = await serveGet();
    const session = connect(served.url);
    const path = "/mcpmanager.v1.ManagerService/Get";
    const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ...headers, "grpc-timeout": "50m" }, { endStream: false });
    if (sent > 0) stream.write(get.subarray(0, sent));
    stream.resume();
    const [trailers] = (await once(stream, "trailers")) as [IncomingHttpHeaders];
    expect(trailers["grpc-status"]).toBe(String(Code.DeadlineExceeded));
    const closed = once(stream, "close");
    stream.end();
    await closed;
    expect(served.call).not.toHaveBeenCalled();
    expect(served.handler).not.toHaveBeenCalled();
    await new Promise<void>((resolve) => session.close(resolve));
  });
});
