import { once } from "node:events";
import http2 from "node:http2";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { GetInfoResponseSchema, LogsResponseSchema, ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { type Log, silentLog } from "../../src/base/log/log.ts";
import { firstOf } from "../../src/http/handler.ts";
import { refuseRpc } from "../../src/http/refuse.ts";
import { nodeAdapter } from "../../src/rpc/node-adapter.ts";
import { Listener } from "../../src/server/listener.ts";
import { TransferBudget } from "../../src/server/responses/transfer-budget.ts";
import { connectRaw } from "../server/raw-client.ts";
import { anOperation, openCall } from "./a-call.ts";

const opened: Listener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close({ graceMs: 0 })));
});

const budgetOf = (log: Log) => new TransferBudget({ maxBytes: 1_000_000, log, elapsedMs: () => performance.now() });

async function serve(
  methods: Partial<ServiceImpl<typeof ManagerService>>,
  { log = silentLog, budget = budgetOf(log) }: { log?: Log; budget?: TransferBudget } = {},
): Promise<string> {
  const router = createConnectRouter({ acceptCompression: [] });
  router.service(ManagerService, methods);
  const limits = { maxRequestBytes: 1_000_000, budget, operationOf: () => anOperation };
  const handler = firstOf([nodeAdapter({ router, refuse: refuseRpc, openCall, ...limits, log })]);
  const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler });
  opened.push(listener);
  return `http://127.0.0.1:${listener.port}`;
}

describe("nodeAdapter", () => {
  it("hands requests for other paths on", async () => {
    const url = await serve({});
    expect((await fetch(`${url}/nope?x`)).status).toBe(404);
  });

  it("takes a deadline of 100 days for one that has not passed", async () => {
    const url = await serve({
      async getInfo(_request, { signal }) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return create(GetInfoResponseSchema, { version: signal.aborted ? "aborted" : "1" });
      },
    });
    const response = await fetch(`${url}/mcpmanager.v1.ManagerService/GetInfo`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "8640000000" },
      body: "{}",
    });
    expect(await response.json()).toMatchObject({ version: "1" });
  });

  it("leaves nobody waiting whose request the library can't take: one without a Host", async () => {
    const url = await serve({});
    const client = await connectRaw(Number(new URL(url).port));
    client.socket.write("POST /mcpmanager.v1.ManagerService/GetInfo HTTP/1.1\r\n\r\n");
    await client.closed;
    expect(client.received()).toBe("");
  });

  it("outlives a caller that leaves with a request behind another, whose body nobody reads", async () => {
    const left = Promise.withResolvers<void>();
    const url = await serve({
      async getInfo(_request, { signal }) {
        signal.addEventListener("abort", () => left.resolve());
        await left.promise;
        return {};
      },
    });
    const uncaught = vi.fn<(error: Error) => void>();
    process.on("uncaughtException", uncaught);
    const client = await connectRaw(Number(new URL(url).port));
    const post = "POST /mcpmanager.v1.ManagerService/GetInfo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
    const [taken, refused] = ["application/json", "text/plain"].map((type) => `${post}Content-Type: ${type}\r\n\r\n{}`);
    client.socket.write(`${taken}${refused}`, () => client.socket.destroy());
    await left.promise;
    await new Promise((resolve) => setImmediate(resolve));
    process.off("uncaughtException", uncaught);
    expect(uncaught).not.toHaveBeenCalled();
  });

  it("gives grpc-js an error's message as it was written", async () => {
    const message = 'no server a/b; see "List": 100% (grüße)';
    const url = await serve({
      getInfo() {
        throw new ConnectError(message, Code.NotFound);
      },
    });
    const client = new grpc.Client(url.replace("http://", ""), grpc.credentials.createInsecure());
    const asIs = (bytes: Buffer) => bytes;
    for (const method of ["GetInfo", "Nope"]) {
      const path = `/mcpmanager.v1.ManagerService/${method}`;
      const { promise, resolve } = Promise.withResolvers<grpc.ServiceError | null>();
      client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), resolve);
      const expected =
        method === "Nope"
          ? { code: 12, details: "there is no RPC mcpmanager.v1.ManagerService/Nope" }
          : { code: 5, details: message };
      expect(await promise).toMatchObject(expected);
    }
    client.close();
  });

  it("notes a caller that leaves in the middle of a response, and prints nothing", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const noted = Promise.withResolvers<void>();
    const url = await serve(
      {
        async *logs() {
          for (;;) {
            yield create(LogsResponseSchema, { cursor: "x".repeat(100_000) });
            await new Promise((resolve) => setImmediate(resolve));
          }
        },
      },
      { log: { ...silentLog, debug: () => noted.resolve() } },
    );
    const session = http2.connect(url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/mcpmanager.v1.ManagerService/Logs",
      "content-type": "application/grpc+proto",
    });
    stream.on("error", () => {});
    stream.end(Buffer.alloc(5));
    await once(stream, "data");
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await noted.promise;
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    session.close();
  });

  it.each(["application/grpc", "application/grpc-web", "application/connect+proto"])(
    "counts nothing any more of a request by %s that it refused for its second message",
    async (type) => {
      const budget = budgetOf(silentLog);
      const url = await serve({}, { budget });
      const rpc = type === "application/connect+proto" ? "Logs" : "GetInfo";
      const session = http2.connect(url);
      const headers = { ":path": `/mcpmanager.v1.ManagerService/${rpc}`, "content-type": type, te: "trailers" };
      const stream = session.request({ ":method": "POST", ...headers });
      const emptyMessage = Buffer.alloc(5);
      stream.end(Buffer.concat([emptyMessage, emptyMessage]));
      stream.resume();
      await once(stream, "close");
      await vi.waitFor(() => expect(budget.bytes).toBe(0));
      session.close();
    },
  );
});
