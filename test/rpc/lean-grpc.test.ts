import { connect, type OutgoingHttpHeaders } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";
import {
  CallToolRequestSchema,
  GetRequestSchema,
  GetResponseSchema,
  ManagerService,
} from "../../gen/mcpmanager/v1/manager_pb.ts";
import { FarDeadlines } from "../../src/fleet/call-wait.ts";
import { silentLog } from "../../src/log.ts";
import { leanGrpc } from "../../src/rpc/lean-grpc.ts";
import { Listener } from "../../src/rpc/listener.ts";
import type { NodeHandler } from "../../src/rpc/node-handler.ts";
import { UnreadAnswers } from "../../src/rpc/unread-answers.ts";
import { bothPaths } from "./both-paths.ts";

const managers = bothPaths();

interface Answer {
  readonly status: unknown;
  readonly headers: Record<string, unknown>;
  readonly trailers: Record<string, unknown>;
  readonly body: Buffer;
}

/** One request, byte by byte as it is given. */
async function ask(
  url: string,
  {
    path = "CallTool",
    headers = {},
    pieces,
  }: { path?: string; headers?: OutgoingHttpHeaders; pieces: readonly Buffer[] },
): Promise<Answer> {
  const session = connect(url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": `/mcpmanager.v1.ManagerService/${path}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const answer = { headers: {}, trailers: {} } as { headers: OutgoingHttpHeaders; trailers: OutgoingHttpHeaders };
    stream.on("response", (got) => Object.assign(answer.headers, got));
    stream.on("trailers", (got) => Object.assign(answer.trailers, got));
    for (const piece of pieces) {
      stream.write(piece);
      // So that it comes in a frame of its own.
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const { date: _date, ":status": status, ...rest } = answer.headers;
    return { status, headers: rest, trailers: { ...answer.trailers }, body: Buffer.concat(chunks) };
  } finally {
    session.destroy();
  }
}

function envelope(message: Uint8Array, { flags = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

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

const instanceIds = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Without what differs from server to server: the ids of instances. */
function steady({ trailers, body, ...answer }: Answer) {
  const details = Buffer.from(String(trailers["grpc-status-details-bin"] ?? ""), "base64");
  const [shownDetails, shownBody] = [details, body].map((bytes) =>
    bytes.toString("latin1").replaceAll(instanceIds, ""),
  );
  return { ...answer, trailers: { ...trailers, "grpc-status-details-bin": shownDetails }, body: shownBody };
}

describe("By gRPC the lean path answers as the RPC library does", () => {
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
    const [lean, library] = await Promise.all(managers.map(async ({ url }) => steady(await ask(url, request))));
    expect(lean).toEqual(library);
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
      stream.write(envelope(callOf("late", "pid")).subarray(0, 4));
      // The deadline counts from the headers on.
      await vi.waitFor(async () => {
        await client.get({ name: "h" });
        expect(performance.now() - begun).toBeGreaterThan(40);
      });
      const trailers = new Promise<OutgoingHttpHeaders>((resolve) => stream.on("trailers", resolve));
      stream.end(envelope(callOf("late", "pid")).subarray(4));
      stream.resume();
      expect((await trailers)["grpc-status"]).toBe("4");
      session.destroy();
    }
  });
});

describe("The lean path", () => {
  it("takes a plain call itself, and hands on what is not", async () => {
    const handler = vi.fn<NodeHandler>((_request, response) => response.end());
    const desc = ManagerService.method.get;
    const streams = leanGrpc({
      methods: new Map([
        ["/mcpmanager.v1.ManagerService/Get", { kind: "unary", desc, call: () => ({ server: { name: "n" } }) }],
      ]),
      interceptors: [],
      maxRequestBytes: 1024,
      recursionLimit: 100,
      farDeadlines: new FarDeadlines(),
      unread: new UnreadAnswers({ maxBytes: 1_000_000, log: silentLog, elapsedMs: () => 0 }),
    });
    const listener = await Listener.open({ host: "127.0.0.1", port: 0, handler, streams });
    const url = `http://127.0.0.1:${listener.port}`;
    const plain = envelope(toBinary(GetRequestSchema, create(GetRequestSchema, { name: "n" })));
    const { body, trailers } = await ask(url, { path: "Get", pieces: [plain] });
    expect(fromBinary(GetResponseSchema, body.subarray(5)).server?.name).toBe("n");
    expect(trailers["grpc-status"]).toBe("0");
    expect(handler).not.toHaveBeenCalled();
    await ask(url, { path: "Get", pieces: [plain, plain] });
    await ask(url, { path: "List", pieces: [plain] });
    expect(handler).toHaveBeenCalledTimes(2);
    await listener.close({ graceMs: 0 });
  });
});
