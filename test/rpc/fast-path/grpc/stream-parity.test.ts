import type { DescMessage } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CallToolStreamRequestSchema,
  CallToolStreamResponseSchema,
  LogsResponseSchema,
  SubscribeResourceRequestSchema,
  SubscribeResourceResponseSchema,
  WatchRequestSchema,
  WatchResponseSchema,
} from "../../../../gen/mcpmanager/v1/manager_pb.ts";
import { bothPaths } from "../both-paths.ts";
import { ask, envelope, type GrpcRequest, steady } from "../grpc-bytes.ts";
import { logsOf, messageOf, messagesIn } from "../stream-bytes.ts";

const managers = bothPaths();

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
const watch = messageOf(WatchRequestSchema, {});
const subscribe = messageOf(SubscribeResourceRequestSchema, { server: "h", uri: "mem://note" });
const soon = { "grpc-timeout": "300m" };

describe("By gRPC the fast path streams as the RPC library does", () => {
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
    const [fastPath, library] = await Promise.all(
      managers.map(async ({ url }) => {
        const response = await ask(url, request);
        return { ...steady({ ...response, body: Buffer.alloc(0) }), messages: messagesIn(schema, response.body) };
      }),
    );
    expect(fastPath).toEqual(library);
  }
});
