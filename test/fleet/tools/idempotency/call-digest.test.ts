import { describe, expect, it } from "vitest";
import { callDigest } from "../../../../src/fleet/tools/idempotency/call-digest.ts";
import type { ToolCall } from "../../../../src/mcp/features/tools/tool-call.ts";

const call: ToolCall = { tool: "t", argumentsJson: '{"a":1,"b":[{"c":2,"d":3}]}', metaJson: '{"m":1}' };

describe("callDigest is the same for", () => {
  it.each([
    ["the same call", {}],
    ["members in another order", { argumentsJson: '{"b":[{"d":3,"c":2}], "a":1}' }],
    ["another trace", { metaJson: '{"traceparent":"00-1-2-01","m":1,"tracestate":"x","baggage":"y"}' }],
  ])("%s", (_what, change) => {
    expect(callDigest({ ...call, ...change })).toBe(callDigest(call));
  });

  it("line separators as they are, and escaped: some encoders escape them", () => {
    const [raw, escaped] = ['{"a":"x\u2028y\u0085"}', '{"a":"x\\u2028y\\u0085"}'];
    expect(callDigest({ ...call, argumentsJson: escaped })).toBe(callDigest({ ...call, argumentsJson: raw }));
  });

  it("a trace as all of _meta, and no _meta", () => {
    const { metaJson: _, ...bare } = call;
    expect(callDigest({ ...bare, metaJson: '{"traceparent":"00-1-2-01"}' })).toBe(callDigest(bare));
  });
});

describe("callDigest is another for", () => {
  it.each([
    ["other arguments", { argumentsJson: '{"a":2,"b":[{"c":2,"d":3}]}' }],
    ["no arguments", { argumentsJson: undefined }],
    ["an integer beyond a double's", { argumentsJson: '{"a":1.0,"b":[{"c":2,"d":3}]}' }],
    ["other _meta", { metaJson: '{"m":2}' }],
    ["_meta of too many members to look at", { metaJson: `{${Array.from({ length: 10_001 }, (_, n) => `"${n}":1`)}}` }],
    ["capabilities", { clientCapabilitiesJson: "{}" }],
    ["answers", { inputResponsesJson: "{}" }],
    ["a state", { requestState: "" }],
    ["the state that was the answers", { requestState: "{}" }],
  ])("%s", (_what, change) => {
    expect(callDigest({ ...call, ...change })).not.toBe(callDigest(call));
  });
});
