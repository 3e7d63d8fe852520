import { create, fromBinary, fromJsonString, type JsonObject, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { CallToolRequestSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { argumentsJson } from "../../../src/rpc/convert/arguments.ts";

/** The input of a request that came as JSON, as from curl. */
function fromCurl(argumentsText: string) {
  return fromJsonString(CallToolRequestSchema, `{"server":"s","tool":"t","arguments":${argumentsText}}`).input;
}

/** The input of a request that came as protobuf, as from a gRPC client. */
function fromGrpc(struct: JsonObject) {
  const request = create(CallToolRequestSchema, {
    server: "s",
    tool: "t",
    input: { case: "arguments", value: struct },
  });
  return fromBinary(CallToolRequestSchema, toBinary(CallToolRequestSchema, request)).input;
}

function violationOf(work: () => unknown) {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { details: { violations: { field: string; description: string }[] } }).details.violations[0];
  }
}

function nestedStruct(levels: number): JsonObject {
  let value: JsonObject = {};
  for (let level = 1; level < levels; level += 1) value = { a: value };
  return value;
}

describe("argumentsJson", () => {
  it("is undefined when a call has no arguments", () => {
    expect(argumentsJson(create(CallToolRequestSchema).input)).toBeUndefined();
  });

  it("keeps JSON text as it is, but for line breaks and tabs", () => {
    const value = '{\n\t"n": 9007199254740993 }';
    expect(argumentsJson({ case: "argumentsJson", value })).toBe('{  "n": 9007199254740993 }');
  });

  it("refuses JSON text that is no object, with the field", () => {
    for (const value of ["", "[]", '{}}\n{"jsonrpc":"2.0"}']) {
      expect(violationOf(() => argumentsJson({ case: "argumentsJson", value }))?.field).toBe("arguments_json");
    }
  });

  it("writes any structure that doubles hold, whichever way it came", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { noNullPrototype: true }), (object) => {
        fc.pre(!/\d{16}|e\+/.test(JSON.stringify(object)));
        const value = JSON.parse(JSON.stringify(object));
        expect(JSON.parse(argumentsJson(fromGrpc(value)) ?? "")).toEqual(value);
        expect(JSON.parse(argumentsJson(fromCurl(JSON.stringify(value))) ?? "")).toEqual(value);
      }),
    );
  });

  it.each([
    ['{"a":9007199254740993}', "arguments.a"],
    ['{"a":{"b":[0,{"c":-9007199254740993}]}}', "arguments.a.b[1].c"],
    ['{"a":[1e300]}', "arguments.a[0]"],
  ])("refuses an integer beyond 2^53 in a structure: %s", (text, field) => {
    for (const input of [fromCurl(text), fromGrpc(JSON.parse(text))]) {
      expect(violationOf(() => argumentsJson(input))).toEqual({
        field,
        description: expect.stringContaining("use arguments_json"),
      });
    }
  });

  it("takes the largest safe integers and any fraction", () => {
    const value = { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER, c: 0.1, d: 5e-324 };
    expect(JSON.parse(argumentsJson(fromGrpc(value)) ?? "")).toEqual(value);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses %d in a structure: as JSON it would be null",
    (value) => {
      const input = { case: "arguments" as const, value: { a: [value] } };
      expect(violationOf(() => argumentsJson(input))).toEqual({
        field: "arguments.a[0]",
        description: expect.stringContaining("not a finite number"),
      });
    },
  );

  it("refuses a number that is too large for a double in a structure", () => {
    expect(violationOf(() => argumentsJson(fromCurl('{"a":1e400}')))?.field).toBe("arguments.a");
  });

  it("keeps a key __proto__", () => {
    const text = '{"__proto__":{"a":1},"b":{"__proto__":[2]}}';
    expect(argumentsJson(fromCurl(text))).toBe(text);
    expect(argumentsJson(fromGrpc(JSON.parse(text)))).toBe(text);
  });

  it("takes 128 levels and refuses 129", () => {
    const value = nestedStruct(128);
    expect(argumentsJson({ case: "arguments", value })).toBe(JSON.stringify(value));
    expect(violationOf(() => argumentsJson({ case: "arguments", value: nestedStruct(129) }))).toEqual({
      field: "arguments",
      description: "must have at most 128 levels",
    });
  });
});

describe("Arguments that no call may send are refused", () => {
  const tooLarge = "is too large: what a call sends may have at most 10484736 bytes as JSON";

  it("before a structure is written: a control character takes six times its length", () => {
    const written = vi.spyOn(JSON, "stringify");
    const input = { case: "arguments" as const, value: { "\u0001": ["\u0001".repeat(2_000_000)] } };
    const violation = violationOf(() => argumentsJson(input));
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
    expect(violation).toEqual({ field: "arguments", description: tooLarge });
  });

  it("before a text is looked at", () => {
    const input = { case: "argumentsJson", value: "no JSON".repeat(2_000_000) } as const;
    expect(violationOf(() => argumentsJson(input))).toEqual({ field: "arguments_json", description: tooLarge });
  });
});
