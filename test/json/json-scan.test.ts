import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectEnd, JsonSyntaxError, scanValue } from "../../src/json/json-scan.ts";
import { anyText, offsetOf, parsed } from "./json-text.ts";

function accepts(text: string): boolean {
  try {
    expectEnd(text, scanValue(text, 0));
    return true;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

/** A text of so many levels, arrays and objects by turns. */
function nested(levels: number): string {
  const half = Math.floor(levels / 2);
  return `${'[{"a":'.repeat(half)}1${"}]".repeat(half)}`;
}

describe("scanValue", () => {
  it("accepts and refuses exactly what JSON.parse does", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(accepts(text)).toBe(parsed(text) !== undefined);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ["", 0],
    ["  ", 2],
    ["[1,]", 3],
    ["[1 2]", 3],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["{a:1}", 1],
    ['{"a":1', 6],
    ["[1}", 2],
    ["01", 1],
    ["-", 0],
    ["1.", 1],
    ["tru", 0],
    ['"\\x"', 1],
    ['"\\u12g4"', 1],
    ['"a\nb"', 2],
    ['"abc', 4],
    ["\ufeff{}", 0],
    ["{}{}", 2],
  ])("says where %j stops being JSON: at %i", (text, offset) => {
    expect(offsetOf(() => expectEnd(text, scanValue(text, 0)))).toBe(offset);
  });

  it.each([
    ["a control character", '\u0010"'],
    ["an invalid escape", '\\x"'],
  ])("says where a long string breaks off: at its end, and at %s", (_what, rest) => {
    const plain = `"${"x".repeat(3000)}`;
    expect(offsetOf(() => scanValue(plain + rest + plain, 0))).toBe(plain.length);
    expect(offsetOf(() => scanValue(plain, 0))).toBe(plain.length);
  });

  it("takes 200,000 levels of nesting without a stack overflow", () => {
    const text = nested(200_000);
    expect(scanValue(text, 0)).toBe(text.length);
    expect(offsetOf(() => scanValue("[".repeat(200_000), 0))).toBe(200_000);
  });

  it("refuses one level more than maxDepth, at the bracket that opens it", () => {
    expect(scanValue("[[[]]]", 0, { maxDepth: 3 })).toBe(6);
    expect(offsetOf(() => scanValue("[[[[]]]]", 0, { maxDepth: 3 }))).toBe(3);
    expect(offsetOf(() => scanValue("[1,[],[[]]]", 0, { maxDepth: 2 }))).toBe(7);
  });

  it("stops when its budget of values is spent, which several scans may share", () => {
    const budget = { valuesLeft: 5 };
    expect(scanValue('[1,{"a":true}]', 0, { budget })).toBe(14);
    expect(budget.valuesLeft).toBe(1);
    expect(offsetOf(() => scanValue("[1,1]", 0, { budget }))).toBe(1);
  });

  it("reports broken text by what costs next to nothing: no Error, which captures a stack", () => {
    for (const text of ["y", "[1,]", '"\\x"']) {
      expect(() => expectEnd(text, scanValue(text, 0))).toThrow(JsonSyntaxError);
      expect(() => expectEnd(text, scanValue(text, 0))).not.toThrow(Error);
    }
    expect(new JsonSyntaxError("oops", 7).message).toBe("oops at offset 7");
  });

  it("shows the visitor every name, string and number as it was written, and each container once", () => {
    const text = ' {"a\\n" : [ 1.0, "x\\u0041", {} ], "b":-0e+7, "a\\n":true}';
    const seen: string[] = [];
    const span = (kind: string) => (start: number, end: number) => seen.push(`${kind} ${text.slice(start, end)}`);
    scanValue(text, 0, {
      visitor: {
        open: () => seen.push("open"),
        close: () => seen.push("close"),
        name: span("name"),
        string: span("string"),
        number: span("number"),
      },
    });
    expect(seen).toEqual([
      "open",
      'name "a\\n"',
      "open",
      "number 1.0",
      'string "x\\u0041"',
      "open",
      "close",
      "close",
      'name "b"',
      "number -0e+7",
      'name "a\\n"',
      "close",
    ]);
  });
});
