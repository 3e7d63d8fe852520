import { describe, expect, it } from "vitest";
import { callerMeta } from "../../../src/mcp/eras/caller-meta.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

const members = (...input: Parameters<typeof callerMeta>) => JSON.parse(`{${callerMeta(...input)}}`);

describe("callerMeta", () => {
  it("is empty for a caller that has nothing", () => {
    expect(callerMeta({})).toBe("");
    expect(callerMeta({ metaJson: "{}", trace: {} })).toBe("");
  });

  it("keeps the caller's members as they were written, but for the manager's", () => {
    const metaJson =
      '{ "a/b" : 9007199254740993, "progressToken":7,"io.modelcontextprotocol/logLevel":"debug","__proto__":{} }';
    expect(callerMeta({ metaJson })).toBe('"a/b":9007199254740993,"__proto__":{}');
  });

  it("adds the trace of the headers", () => {
    const trace = { traceparent, tracestate: "a=b", baggage: "c=d" };
    expect(members({ metaJson: '{"x":1}', trace })).toEqual({ x: 1, ...trace });
    expect(members({ trace: { baggage: "c=d" } })).toEqual({ baggage: "c=d" });
  });

  it("leaves a trace alone that the caller's object tells, with its state, and its baggage alone", () => {
    const trace = { traceparent, tracestate: "a=b", baggage: "c=d" };
    const own = { traceparent: "own" };
    expect(members({ metaJson: JSON.stringify(own), trace })).toEqual({ ...own, baggage: "c=d" });
    expect(members({ metaJson: '{"tracestate":"own"}', trace })).toEqual({ tracestate: "own", baggage: "c=d" });
    expect(members({ metaJson: '{"baggage":7}', trace })).toEqual({ traceparent, tracestate: "a=b", baggage: 7 });
    expect(members({ metaJson: '{"tr\\u0061ceparent":"own"}', trace: { traceparent } })).toEqual(own);
  });
});
