import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { CallToolStreamResponse } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultKind } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { input, restPath, StreamStage, told } from "../streams/stream-stage.ts";
import { errorInfo, failureOf } from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let stage: StreamStage;
beforeAll(async () => {
  stage = await StreamStage.open();
});
afterAll(() => stage[Symbol.asyncDispose]());

describe("CallToolStream", () => {
  it("begins with a heartbeat, gives every step, then the result that CallTool gives", async () => {
    const server = await stage.started();
    const request = { server, tool: "steps", input: input({ count: 5, message: "on the way" }) };
    const events = await stage.all(request);
    expect(events[0]?.event.case).toBe("heartbeat");
    expect(told(events)).toEqual([1, 2, 3, 4, 5, "done"]);
    const { server: now } = await stage.client.get({ name: server });
    expect(events.at(-1)).toMatchObject({
      instanceId: now?.instances[0]?.id,
      time: { seconds: expect.any(BigInt) },
      event: { case: "result", value: await stage.client.callTool(request) },
    });
  });

  it("gives what the server logs meanwhile to every stream under way, in its place", async () => {
    const server = await stage.started();
    const waiting = stage.client
      .callToolStream({ server, tool: "hold", input: input({ text: "held" }) })
      [Symbol.asyncIterator]();
    expect((await waiting.next()).value).toMatchObject({ event: { case: "heartbeat" } });
    await expect.poll(() => stage.inFlight(server)).toBe(1n);
    const events = await stage.all({ server, tool: "log", input: input({ level: "warning", data: { disk: "full" } }) });
    expect(told(events)).toEqual(['{"disk":"full"}', "logged"]);
    expect(events.find(({ event }) => event.case === "log")?.event.value).toMatchObject({
      level: "warning",
      source: 3,
    });
    await stage.client.callTool({ server, tool: "release" });
    const rest: CallToolStreamResponse[] = [];
    for (let next = await waiting.next(); !next.done; next = await waiting.next()) rest.push(next.value);
    expect(told(rest)).toEqual(['{"disk":"full"}', "held"]);
    expect(told(await stage.all({ server, tool: "echo", input: input({ text: "later" }) }))).toEqual(["later"]);
  });

  it("takes no notice of progress that names another request, or none", async () => {
    const server = await stage.started();
    const progress = (token: string) =>
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1}}`;
    const lines = [
      ...["1", "null", '"ID?"', "{}", "-1", "1e9", "999999999999999"].map(progress),
      '{"jsonrpc":"2.0","method":"notifications/progress"}',
      progress("ID"),
      '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"fine"}]}}',
      progress("ID"),
    ];
    expect(told(await stage.all({ server, tool: "lines", input: input({ lines }) }))).toEqual([1, "fine"]);
    expect((await stage.client.get({ name: server })).server?.lateReplies).toBe(0n);
  });

  it("answers what fails at once without any event", async () => {
    const server = await stage.started();
    const failures = [
      [{ server: "nobody", tool: "echo" }, Code.NotFound, "SERVER_NOT_FOUND", []],
      [{ server, tool: "" }, Code.InvalidArgument, "INVALID_REQUEST", ["tool"]],
      [
        { server, tool: "echo", maxMessageBytes: 65_535 },
        Code.InvalidArgument,
        "INVALID_REQUEST",
        ["max_message_bytes"],
      ],
      [{ server, tool: "echo", maxMessageBytes: -1 }, Code.InvalidArgument, "INVALID_REQUEST", ["max_message_bytes"]],
      [
        { server, tool: "echo", maxMessageBytes: 2 ** 30 + 1 },
        Code.InvalidArgument,
        "INVALID_REQUEST",
        ["max_message_bytes"],
      ],
      [{ server, tool: "echo", metaJson: "{}}" }, Code.InvalidArgument, "INVALID_REQUEST", ["meta_json"]],
    ] as const;
    for (const [request, code, reason, fields] of failures) {
      const events = stage.client.callToolStream(request)[Symbol.asyncIterator]();
      expect(errorInfo(await failureOf(events.next()))).toMatchObject({ code, reason, fields, delivery: "not_sent" });
    }
    const response = await fetch(`${stage.manager.url}${restPath("nobody")}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"tool":"echo"}',
    });
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/json"]);
  });

  it("says what the server says of a call that it refuses, after the events", async () => {
    const server = await stage.started();
    const missing = failureOf(stage.all({ server, tool: "nope" }));
    expect(errorInfo(await missing)).toMatchObject({
      code: Code.NotFound,
      reason: "TOOL_NOT_FOUND",
      delivery: "answered",
      server,
    });
    const failed = await stage.all({ server, tool: "fail" });
    expect(failed.at(-1)?.event).toMatchObject({ case: "result", value: { isError: true } });
  });

  it("asks its caller for input, who says that it can answer, and no other", async () => {
    const server = await stage.started({ args: ["modern.mjs"] });
    const refused = failureOf(stage.all({ server, tool: "ask" }));
    expect(errorInfo(await refused)).toMatchObject({ code: Code.FailedPrecondition, reason: "INPUT_REQUIRED" });
    const call = { server, tool: "ask", clientCapabilitiesJson: '{"elicitation":{}}' };
    const asked = (await stage.all({ ...call, input: input({ state: "s" }) })).at(-1)?.event;
    expect(asked).toMatchObject({
      case: "result",
      value: {
        resultKind: ResultKind.INPUT_REQUIRED,
        requestState: "s",
        inputRequestsJson: expect.stringContaining("Who"),
      },
    });
    const answered = await stage.all({ ...call, inputResponsesJson: '{"name":1}', requestState: "s" });
    expect(answered.at(-1)?.event).toMatchObject({ value: { resultKind: ResultKind.COMPLETE } });
  });

  it("waits for its turn like any call, behind a heartbeat, and is refused when the queue is full", async () => {
    const server = await stage.started({ callLimits: { maxInFlight: 1, maxQueued: 1 } });
    const first = stage.client.callTool({ server, tool: "sleep", input: input({ ms: 1000 }) });
    await expect.poll(() => stage.inFlight(server)).toBe(1n);
    const second = stage.client.callToolStream({ server, tool: "echo", input: input({ text: "mine" }) });
    const events = second[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ event: { case: "heartbeat" }, instanceId: "" });
    const third = stage.client.callToolStream({ server, tool: "echo" })[Symbol.asyncIterator]();
    expect(errorInfo(await failureOf(third.next()))).toMatchObject({
      code: Code.ResourceExhausted,
      reason: "QUEUE_FULL",
      delivery: "not_sent",
    });
    expect(told([(await events.next()).value as CallToolStreamResponse])).toEqual(["mine"]);
    await first;
  });
});
