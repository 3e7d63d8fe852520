import { fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CallToolStreamResponse,
  CallToolStreamResponseSchema as schema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultKind } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import type { CallReading } from "../../../src/fleet/tools/follow-call.ts";
import { readProgress } from "../../../src/mcp/features/tools/progress.ts";
import { readToolResult } from "../../../src/mcp/features/tools/tool-result.ts";
import { type CallEventOptions, callReadingToProto } from "../../../src/rpc/convert/call-event-to-proto.ts";

const instance = "0f0e0d0c-0b0a-4908-8706-050403020100";
const smallest = 65_536;
const defaults: CallEventOptions = { server: "s", resultFormat: "typed", maxMessageBytes: smallest, json: false };

const result = (json: string): CallReading => ({
  kind: "result",
  callResult: { result: readToolResult(json, "modern"), instance },
  instance,
  timeMs: 1_700_000_000_123.456,
});

function events(reading: CallReading, options: Partial<CallEventOptions> = {}): CallToolStreamResponse[] {
  return [...callReadingToProto(reading, { ...defaults, ...options })];
}

/** How large an event is in the encoding that the caller takes. */
function bytesOf(event: CallToolStreamResponse, { json }: Pick<CallEventOptions, "json">): number {
  const text = () => toJsonString(schema, event, { alwaysEmitImplicit: true });
  return json ? Buffer.byteLength(text()) : toBinary(schema, event).length;
}

/** The pieces put together. Undefined: the result came whole. */
function joined(list: readonly CallToolStreamResponse[]): string | undefined {
  const pieces = list.flatMap(({ event }) => (event.case === "resultChunk" ? [event.value] : []));
  expect(pieces.map(({ last }) => last)).toEqual(pieces.map((_, index) => index === pieces.length - 1));
  return pieces.length === 0 ? undefined : pieces.map(({ resultJson }) => resultJson).join("");
}

const large = `{"isError":true,"content":[{"type":"text","text":${JSON.stringify('🌍é"\\\n\u0001'.repeat(20_000))}}]}`;

describe("callReadingToProto", () => {
  it("gives a result that the caller takes as one message, in the form asked for", () => {
    const [typed, ...none] = events(result('{"content":[{"type":"text","text":"a"}]}'));
    expect(none).toEqual([]);
    expect(typed).toMatchObject({
      instanceId: instance,
      event: { case: "result", value: { content: [{ kind: { case: "text" } }], instanceId: instance, resultJson: "" } },
    });
    const [json] = events(result('{"content":[]}'), { resultFormat: "json" });
    expect(json?.event.value).toMatchObject({ resultJson: '{"content":[]}', instanceId: instance });
  });

  it.each([true, false])("gives a larger one in pieces, then what it is (JSON: %s)", (json) => {
    for (const resultFormat of ["typed", "json"] as const) {
      const list = events(result(large), { json, resultFormat });
      expect(joined(list)).toBe(large);
      expect(list.at(-1)?.event).toMatchObject({
        case: "result",
        value: { isError: true, resultKind: ResultKind.COMPLETE, instanceId: instance, content: [], resultJson: "" },
      });
      const sizes = list.map((event) => bytesOf(event, { json }));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(smallest);
      // Full pieces: no more of them than it takes.
      expect(Math.min(...sizes.slice(0, -2))).toBeGreaterThan(smallest - 600);
    }
  });

  it("gives a result that asks for input in pieces, too", () => {
    const asking = `{"resultType":"input_required","inputRequests":{},"requestState":"${"x".repeat(70_000)}"}`;
    const list = events(result(asking));
    expect(joined(list)).toBe(asking);
    expect(list.at(-1)?.event.value).toMatchObject({ resultKind: ResultKind.INPUT_REQUIRED });
  });

  it("gives in pieces what is small as JSON text and too large as a message", () => {
    const numbers = `{"structuredContent":[${"1,".repeat(10_000)}1]}`;
    expect(joined(events(result(numbers)))).toBe(numbers);
    expect(joined(events(result(numbers), { resultFormat: "json" }))).toBeUndefined();
    const quotes = `{"x":"${'\\"'.repeat(20_000)}"}`;
    expect(joined(events(result(quotes), { resultFormat: "json" }))).toBeUndefined();
    expect(joined(events(result(quotes), { resultFormat: "json", json: true }))).toBe(quotes);
  });

  it("fails a result that has no typed form as CallTool does, and not when it comes in pieces", () => {
    const many = (bytes: number) => `{"content":[${"1,".repeat(100_000)}${" ".repeat(bytes)}1]}`;
    expect(() => events(result(many(0)), { maxMessageBytes: 4_194_304 })).toThrow(/more than 100000 values/);
    expect(joined(events(result(many(0))))).toBe(many(0));
  });

  it("gives progress and log lines that fit whoever takes least", () => {
    const hostile = "\u0001".repeat(100_000);
    const params = JSON.stringify({ progressToken: 5, progress: 0.5, total: 3, message: hostile, x: '"'.repeat(1900) });
    const step = readProgress(params)?.progress;
    if (step === undefined) throw new Error("no step");
    const event = { kind: "line" as const, source: "mcp" as const, text: hostile, flags: { level: "info" } };
    const readings: CallReading[] = [
      { kind: "progress", progress: step, instance, timeMs: 1 },
      { kind: "log", entry: { ordinal: 1, timeMs: 1, instance, event }, instance },
      { kind: "gap", lines: 7, instance, timeMs: 1 },
      { kind: "heartbeat", instance: "", timeMs: 1 },
    ];
    const list = readings.flatMap((reading) => events(reading));
    for (const one of list) {
      expect(bytesOf(one, { json: true })).toBeLessThanOrEqual(smallest);
      expect(bytesOf(one, { json: false })).toBeLessThanOrEqual(smallest);
    }
    expect(list.map((one) => one.event.case)).toEqual(["progress", "log", "gap", "heartbeat"]);
    expect(list[0]?.event.value).toMatchObject({
      progress: 0.5,
      total: 3,
      truncated: true,
      extraJson: expect.stringContaining('"x":'),
    });
    expect(list[1]?.event.value).toMatchObject({ level: "info", truncated: true });
    expect(list[2]?.event.value).toMatchObject({ lines: 7n });
  });

  it("gives any result whole or in pieces, and no message larger than the caller takes", () => {
    const value = fc.jsonValue({ maxDepth: 12 });
    const block = fc.oneof(
      value,
      fc.record({ type: fc.constantFrom("text", "image"), text: fc.string(), data: fc.base64String() }),
    );
    const content = fc.record({ content: fc.array(block), structuredContent: value, more: value });
    const times = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(content, times, fc.boolean(), fc.constantFrom("typed", "json"), (some, count, json, resultFormat) => {
        const text = JSON.stringify({ ...some, many: Array.from({ length: count }, () => some.more) });
        const list = events(result(text), { json, resultFormat });
        for (const event of list) expect(bytesOf(event, { json })).toBeLessThanOrEqual(smallest);
        expect(joined(list) ?? text).toBe(text);
        for (const event of list) fromJsonString(schema, toJsonString(schema, event));
      }),
      { numRuns: 60 },
    );
  });
});
