import { once } from "node:events";
import { connect, type ServerHttp2Stream } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  CallToolStreamRequestSchema,
  CallToolStreamResponseSchema,
  type LogsRequest,
  LogsRequestSchema,
  LogsResponseSchema,
  ManagerService,
  SubscribeResourceRequestSchema,
  SubscribeResourceResponseSchema,
  WatchRequestSchema,
  WatchResponseSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { FarDeadlines } from "../../../src/fleet/call-wait.ts";
import { silentLog } from "../../../src/log.ts";
import type { StreamMethod } from "../../../src/rpc/call/rpc-methods.ts";
import { leanGrpc } from "../../../src/rpc/lean/lean-grpc.ts";
import { Listener } from "../../../src/rpc/wire/listener.ts";
import type { NodeHandler } from "../../../src/rpc/wire/node-handler.ts";
import { UnreadAnswers } from "../../../src/rpc/wire/unread-answers.ts";
import { bothPaths } from "./both-paths.ts";
import { ask, envelope, type GrpcRequest, steady } from "./grpc-bytes.ts";

const managers = bothPaths();

const messageOf = <T extends DescMessage>(schema: T, init: MessageInitShape<T>) =>
  envelope(toBinary(schema, create(schema, init)));

interface Call {
  readonly server?: string;
  readonly tool: string;
  readonly input?: unknown;
  readonly maxMessageBytes?: number;
}

const callOf = ({ server = "h", tool, input = {}, maxMessageBytes = 0 }: Call) =>
  messageOf(CallToolStreamRequestSchema, {
    server,
    tool,
    input: { case: "argumentsJson", value: JSON.stringify(input) },
    maxMessageBytes,
  });
const echo = callOf({ tool: "echo", input: { text: "héllo" } });
const logsOf = (init: MessageInitShape<typeof LogsRequestSchema>) => messageOf(LogsRequestSchema, init);
const watch = messageOf(WatchRequestSchema, {});
const subscribe = messageOf(SubscribeResourceRequestSchema, { server: "h", uri: "mem://note" });
const soon = { "grpc-timeout": "300m" };

/** The messages of a body as JSON, without what differs from one time to the next: when, whose, and whether it took long. */
function messagesIn(schema: DescMessage, body: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const json = toJson(schema, fromBinary(schema, body.subarray(at + 5, end)));
    const shown = JSON.stringify(json, (key, value) => (volatile.test(key) ? "…" : value));
    if (!shown.includes('"heartbeat"') || schema !== CallToolStreamResponseSchema) messages.push(shown);
    at = end;
  }
  return messages;
}

const volatile = /^(time|cursor|.*Id|.*Time|.*At|revision|server|servers)$/;

describe("By gRPC the lean path streams as the RPC library does", () => {
  it.each<[string, DescMessage, GrpcRequest]>([
    ["a call", CallToolStreamResponseSchema, { pieces: [echo] }],
    ["a call byte by byte", CallToolStreamResponseSchema, { pieces: [...echo].map((byte) => Buffer.from([byte])) }],
    [
      "a call with progress",
      CallToolStreamResponseSchema,
      { pieces: [callOf({ tool: "steps", input: { count: 20, message: "on" } })] },
    ],
    [
      "a call that logs",
      CallToolStreamResponseSchema,
      { pieces: [callOf({ tool: "log", input: { level: "info", data: "là" } })] },
    ],
    [
      "a result in pieces",
      CallToolStreamResponseSchema,
      { pieces: [callOf({ tool: "large", input: { bytes: 700_000 }, maxMessageBytes: 65_536 })] },
    ],
    [
      "a large result",
      CallToolStreamResponseSchema,
      { pieces: [callOf({ tool: "large", input: { bytes: 700_000 } })] },
    ],
    ["a tool that fails", CallToolStreamResponseSchema, { pieces: [callOf({ tool: "fail" })] }],
    ["a tool that refuses", CallToolStreamResponseSchema, { pieces: [callOf({ tool: "error", input: { code: -1 } })] }],
    ["a field that breaks its rule", CallToolStreamResponseSchema, { pieces: [callOf({ tool: "" })] }],
    ["an unknown server", CallToolStreamResponseSchema, { pieces: [callOf({ server: "none", tool: "echo" })] }],
    ["no message", CallToolStreamResponseSchema, { pieces: [] }],
    ["half a message", CallToolStreamResponseSchema, { pieces: [echo.subarray(0, -3)] }],
    ["two messages", CallToolStreamResponseSchema, { pieces: [echo, echo] }],
    ["bytes that are no message", CallToolStreamResponseSchema, { pieces: [envelope(Buffer.from([0x0a, 0xff]))] }],
    [
      "a message above the limit",
      CallToolStreamResponseSchema,
      { pieces: [callOf({ tool: "echo", input: { text: "x".repeat(70_000) } })] },
    ],
    ["a deadline that is none", CallToolStreamResponseSchema, { pieces: [echo], headers: { "grpc-timeout": "1X" } }],
    ["a deadline of nothing", CallToolStreamResponseSchema, { pieces: [echo], headers: { "grpc-timeout": "0m" } }],
    ["a deadline that passes", CallToolStreamResponseSchema, { pieces: [callOf({ tool: "never" })], headers: soon }],
    [
      "binary metadata",
      CallToolStreamResponseSchema,
      { pieces: [echo], headers: { "a-bin": "AAEC", "b-bin": ["AA", "BB"] } },
    ],
  ])("CallToolStream: %s", async (_what, schema, request) => {
    await expectSame(schema, { path: "CallToolStream", ...request });
  });

  it.each<[string, string, DescMessage, GrpcRequest]>([
    ["a log from its start", "Logs", LogsResponseSchema, { pieces: [logsOf({ server: "h" })] }],
    ["nothing of a log", "Logs", LogsResponseSchema, { pieces: [logsOf({ server: "h", tail: 0 })] }],
    [
      "a log that is followed",
      "Logs",
      LogsResponseSchema,
      { pieces: [logsOf({ server: "h", follow: true, tail: 0 })], headers: soon },
    ],
    ["a log of nobody", "Logs", LogsResponseSchema, { pieces: [logsOf({ server: "none" })] }],
    ["a cursor that is none", "Logs", LogsResponseSchema, { pieces: [logsOf({ server: "h", cursor: "x" })] }],
    ["the fleet", "Watch", WatchResponseSchema, { pieces: [watch], headers: soon }],
    [
      "a resource of a server without any",
      "SubscribeResource",
      SubscribeResourceResponseSchema,
      { pieces: [subscribe], headers: soon },
    ],
    ["no such RPC", "Nope", WatchResponseSchema, { pieces: [watch] }],
  ])("%s", async (_what, path, schema, request) => {
    await expectSame(schema, { path, ...request });
  });

  async function expectSame(schema: DescMessage, request: GrpcRequest): Promise<void> {
    const [lean, library] = await Promise.all(
      managers.map(async ({ url }) => {
        const answer = await ask(url, request);
        return { ...steady({ ...answer, body: Buffer.alloc(0) }), messages: messagesIn(schema, answer.body) };
      }),
    );
    expect(lean).toEqual(library);
  }
});

const textBytes = 10_000;

/** A stream of messages with such a text, for ever; says when it was left, and why. */
function endlessStream(event: "line" | "log") {
  const left = Promise.withResolvers<unknown>();
  const text = "x".repeat(textBytes);
  const made = { messages: 0, left: left.promise };
  const call = async function* (_message: unknown, { signal }: HandlerContext) {
    try {
      for (;;) {
        made.messages += 1;
        yield { event: { case: event, value: { text } } };
      }
    } finally {
      left.resolve(signal.reason);
    }
  };
  return { made, call };
}

const serveLogs = (call: StreamMethod["call"], interceptors: Interceptor[] = []) =>
  serve(ManagerService.method.logs, call, interceptors);

/** The lean path alone, with this handler of an RPC under the path of Logs. */
async function serve(desc: StreamMethod["desc"], call: StreamMethod["call"], interceptors: Interceptor[] = []) {
  const handler = vi.fn<NodeHandler>((_request, response) => response.end());
  const unread = new UnreadAnswers({ maxBytes: 1_000_000_000, log: silentLog, elapsedMs: () => performance.now() });
  const streams = leanGrpc({
    methods: new Map([["/mcpmanager.v1.ManagerService/Logs", { kind: "server_streaming", desc, call }]]),
    interceptors,
    maxRequestBytes: 1024,
    recursionLimit: 100,
    farDeadlines: new FarDeadlines(),
    mayStayUnread: new Set(["Logs"]),
    unread,
  });
  const taken: ServerHttp2Stream[] = [];
  const listener = await Listener.open({
    host: "127.0.0.1",
    port: 0,
    handler,
    streams: (stream, ...rest) => {
      vi.spyOn(stream, "write");
      vi.spyOn(stream, "end");
      taken.push(stream);
      return streams(stream, ...rest);
    },
  });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    handler,
    unread,
    taken,
    [Symbol.asyncDispose]: () => listener.close({ graceMs: 0 }),
  };
}

const line = (text: string) => ({ event: { case: "line", value: { text } } });
const textsIn = (body: Buffer) =>
  messagesIn(LogsResponseSchema, body).map((json) => (JSON.parse(json) as { line: { text: string } }).line.text);

describe("The lean path of streams", () => {
  it("takes a plain request itself, and hands on what is not", async () => {
    await using served = await serveLogs(async function* () {
      yield line("a");
    });
    const { body, trailers } = await ask(served.url, { path: "Logs", pieces: [logsOf({ server: "h" })] });
    expect(textsIn(body)).toEqual(["a"]);
    expect(trailers["grpc-status"]).toBe("0");
    expect(served.handler).not.toHaveBeenCalled();
    await ask(served.url, { path: "Logs", pieces: [logsOf({ server: "h" }), logsOf({ server: "h" })] });
    expect(served.handler).toHaveBeenCalledOnce();
  });

  it("sends in one write what comes in one turn, and the end with it", async () => {
    const texts = ["a", "b", "c"];
    await using served = await serveLogs(async function* () {
      for (const text of texts) yield line(text);
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (const text of texts) yield line(text);
    });
    const { body } = await ask(served.url, { path: "Logs", pieces: [logsOf({ server: "h" })] });
    expect(textsIn(body)).toEqual([...texts, ...texts]);
    expect(served.taken[0]?.write).toHaveBeenCalledOnce();
    expect(served.taken[0]?.end).toHaveBeenCalledOnce();
  });

  it("sends an error after all messages before it, and what the handler has set", async () => {
    await using served = await serveLogs(async function* (_message, { responseHeader, responseTrailer }) {
      responseHeader.set("a-header", "1");
      responseTrailer.set("a-trailer", "2");
      yield line("a");
      throw new ConnectError("enough", Code.Aborted);
    });
    const { headers, trailers, body } = await ask(served.url, { path: "Logs", pieces: [logsOf({ server: "h" })] });
    expect(headers).toMatchObject({ "a-header": "1" });
    expect(trailers).toMatchObject({ "grpc-status": "10", "grpc-message": "enough" });
    expect(textsIn(body)).toEqual(["a"]);
  });

  it("lets interceptors change the request and the messages", async () => {
    const twice: Interceptor = (next) => async (request) => {
      if (!request.stream) return next(request);
      const message = (async function* () {
        for await (const one of request.message) yield { ...one, server: "changed" };
      })();
      const response = await next({ ...request, message });
      if (!response.stream) return response;
      const messages = async function* () {
        for await (const one of response.message) yield* [one, one];
      };
      return { ...response, message: messages() };
    };
    const call: StreamMethod["call"] = async function* (message) {
      yield line((message as LogsRequest).server);
    };
    await using served = await serveLogs(call, [twice]);
    const { body } = await ask(served.url, { path: "Logs", pieces: [logsOf({ server: "h" })] });
    expect(textsIn(body)).toEqual(["changed", "changed"]);
  });

  it("makes little more than its caller takes, and tells the handler when that one leaves", async () => {
    const { made, call } = endlessStream("line");
    await using served = await serveLogs(call);
    const leave = await begin(served.url);
    await untilStill(() => made.messages);
    expect(made.messages * textBytes).toBeGreaterThan(64 * 1024);
    expect(made.messages * textBytes).toBeLessThan(200 * 1024);
    // What they miss is left out of a log: nothing has to be given up for them.
    expect(served.unread.bytes).toBe(0);
    leave();
    expect(await made.left).toMatchObject({ kind: "cancelled" });
  });

  it("counts what waits for the caller of an RPC that may not stay unread", async () => {
    const { made, call } = endlessStream("log");
    await using served = await serve(ManagerService.method.callToolStream, call);
    const leave = await begin(served.url);
    await untilStill(() => made.messages);
    expect(served.unread.bytes).toBeGreaterThan(16 * 1024);
    leave();
    await made.left;
    await vi.waitFor(() => expect(served.unread.bytes).toBe(0));
  });

  it("goes on when its caller takes something", async () => {
    const { made, call } = endlessStream("line");
    await using served = await serveLogs(call);
    const { session, stream } = open(served.url);
    let bytes = 0;
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length;
      if (bytes > 5_000_000) break;
    }
    session.destroy();
    expect(made.messages).toBeGreaterThan(500);
    await made.left;
  });
});

function open(url: string) {
  const session = connect(url);
  const headers = { ":path": "/mcpmanager.v1.ManagerService/Logs", "content-type": "application/grpc" };
  const stream = session.request({ ":method": "POST", ...headers });
  stream.end(logsOf({ server: "h" }));
  return { session, stream };
}

/** Begins a call, reads nothing of its answer, and says how to leave it. */
async function begin(url: string): Promise<() => void> {
  const { session, stream } = open(url);
  await once(stream, "response");
  return () => session.destroy();
}

/** Until a number has not changed for a while, in which it would have by far. */
async function untilStill(value: () => number): Promise<void> {
  for (let last = -1; last !== value(); ) {
    last = value();
    await delay(100);
  }
}
