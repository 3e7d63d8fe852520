import { describe, expect, it } from "vitest";
import { readTraceContext } from "../../../src/mcp/protocol/trace-context.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";
const parent = "00f067aa0ba902b7";
const traceparent = `00-${trace}-${parent}-01`;

const read = (headers: Record<string, string>) => readTraceContext(new Headers(headers));

describe("readTraceContext", () => {
  it("takes the three headers as they are", () => {
    const headers = {
      traceparent,
      tracestate: "rojo=00f067aa0ba902b7,fw529a3039@dt=FfAzZ;x:y z, ,congo=t61rcWkgMzE",
      baggage: "userId=alice , serverNode = DF%2028;hidden;ttl=30,empty=",
    };
    expect(read(headers)).toEqual(headers);
    expect(read({})).toEqual({});
  });

  it("takes a traceparent of a later version, with what that adds", () => {
    const later = `cc-${trace}-${parent}-01-what-comes`;
    expect(read({ traceparent: later }).traceparent).toBe(later);
  });

  it.each([
    ["is empty", ""],
    ["is no traceparent", "yes"],
    ["has capitals", traceparent.toUpperCase()],
    ["is of version ff", `ff-${trace}-${parent}-01`],
    ["is of version 00 and goes on", `${traceparent}-more`],
    ["has a trace id of zeros", `00-${"0".repeat(32)}-${parent}-01`],
    ["has a parent id of zeros", `00-${trace}-${"0".repeat(16)}-01`],
    ["lacks its flags", `00-${trace}-${parent}`],
    ["came twice", `${traceparent}, ${traceparent}`],
    ["smuggles JSON", `${traceparent}","x":"`],
    ["is too long", `cc-${trace}-${parent}-01-${"a".repeat(9000)}`],
  ])("drops a traceparent that %s, and the tracestate that belongs to it", (_what, value) => {
    expect(read({ traceparent: value, tracestate: "a=b", baggage: "c=d" })).toEqual({ baggage: "c=d" });
  });

  it.each([
    ["has no members", ", ,"],
    ["has 33 members", Array.from({ length: 33 }, (_, index) => `k${index}=v`).join()],
    ["has a key twice", "a=1,a=2"],
    ["has a key with capitals", "Key=1"],
    ["has a key that is too long", `${"k".repeat(257)}=1`],
    ["has a value that is too long", `a=${"v".repeat(257)}`],
    ["has no value", "a"],
    ["has an equals sign in a value", "a=b=c"],
    ["has a character beyond ASCII", "a=\u00e9"],
  ])("drops a tracestate that %s, and keeps its traceparent", (_what, tracestate) => {
    expect(read({ traceparent, tracestate })).toEqual({ traceparent });
  });

  it.each([
    ["has a member without a value", "a=1,b"],
    ["has an empty member", "a=1,,b=2"],
    ["has a quote in a value", 'a="1"'],
    ["has a backslash in a value", "a=\\u0022"],
    ["has a space in a value", "a=b c"],
    ["has a space in a key", "a b=c"],
    ["has 65 members", Array.from({ length: 65 }, (_, index) => `k${index}=v`).join()],
    ["is too long", `a=${"v".repeat(8192)}`],
    ["has a character beyond ASCII", "a=\u00e9"],
  ])("drops a baggage that %s", (_what, baggage) => {
    expect(read({ baggage })).toEqual({});
  });
});
