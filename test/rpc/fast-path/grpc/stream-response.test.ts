import { once } from "node:events";
import { connect, type ServerHttp2Stream } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { type LogsRequest, LogsResponseSchema, ManagerService } from "../../../../gen/mcpmanager/v1/manager_pb.ts";
import { silentLog } from "../../../../src/base/log/log.ts";
import type { StreamMethod } from "../../../../src/rpc/call/rpc-methods.ts";
import { grpcFastPath } from "../../../../src/rpc/fast-path/grpc/grpc-fast-path.ts";
import type { NodeHandler } from "../../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../../src/server/listener.ts";
import { TransferBudget } from "../../../../src/server/responses/transfer-budget.ts";
import { anOperation, openCall } from "../../a-call.ts";
import { ask } from "../grpc-bytes.ts";
import { logsOf, messagesIn } from "../stream-bytes.ts";

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

/** The fast path alone, with this handler of an RPC under the path of Logs. */
async function serve(desc: StreamMethod["desc"], call: StreamMethod["call"], interceptors: Interceptor[] = []) {
  const handler = vi.fn<NodeHandler>((_request, response) => response.end());
  const budget = new TransferBudget({ maxBytes: 1_000_000_000, log: silentLog, elapsedMs: () => performance.now() });
  const streams = grpcFastPath({
    methods: new Map([["/mcpmanager.v1.ManagerService/Logs", { kind: "server_streaming", desc, call }]]),
    interceptors,
    maxRequestBytes: 1024,
    openCall,
    operationOf: () => ({ ...anOperation, mayLag: true }),
    log: silentLog,
    budget,
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
    budget,
    taken,
    [Symbol.asyncDispose]: () => listener.close({ graceMs: 0 }),
  };
}

const line = (text: string) => ({ event: { case: "line", value: { text } } });
const textsIn = (body: Buffer) =>
  messagesIn(LogsResponseSchema, body).map((json) => (JSON.parse(json) as { line: { text: string } }).line.text);

describe("The fast path of streams", () => {
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
    leave();
    expect(await made.left).toMatchObject({ kind: "cancelled" });
  });

  it.each([
    ["may stay unread", ManagerService.method.logs, "line"],
    ["may not", ManagerService.method.callToolStream, "log"],
  ] as const)("counts what waits for the caller of an RPC that %s", async (_which, desc, event) => {
    const { made, call } = endlessStream(event);
    await using served = await serve(desc, call);
    const leave = await begin(served.url);
    await untilStill(() => made.messages);
    expect(served.budget.bytes).toBeGreaterThan(16 * 1024);
    leave();
    await made.left;
    await vi.waitFor(() => expect(served.budget.bytes).toBe(0));
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

/** Begins a call, reads nothing of its response, and says how to leave it. */
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
