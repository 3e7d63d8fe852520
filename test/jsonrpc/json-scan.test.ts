import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arrayElements,
  eachMember,
  expectEnd,
  JsonSyntaxError,
  objectMembers,
  scanValue,
} from "../../src/jsonrpc/json-scan.ts";
import { anyText, jsonText, parsed } from "./json-text.ts";

function accepts(text: string): boolean {
  try {
    expectEnd(text, scanValue(text, 0));
    return true;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

function offsetOf(work: () => unknown): number | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.offset;
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

describe("objectMembers", () => {
  it("gives each member's decoded name and the text of its value", () => {
    expect(objectMembers(' { "a" : 1.50 , "\\u0062":{"x":[ ]}, "a":"\\/" } ')).toEqual([
      { name: "a", value: "1.50" },
      { name: "b", value: '{"x":[ ]}' },
      { name: "a", value: '"\\/"' },
    ]);
    expect(objectMembers(" { } ")).toEqual([]);
  });

  it("gives values whose texts parse to what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (object) => {
        const members = objectMembers(JSON.stringify(object, undefined, 1));
        expect(members.map(({ name, value }) => [name, JSON.parse(value)])).toEqual(
          Object.entries(JSON.parse(JSON.stringify(object))),
        );
      }),
    );
  });

  it("refuses what is not one whole object", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const value = parsed(text)?.value;
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        expect(offsetOf(() => objectMembers(text)) === undefined).toBe(isObject);
      }),
      { numRuns: 2000 },
    );
  });

  it("counts the object itself as a level of maxDepth", () => {
    expect(objectMembers('{"a":[1]}', { maxDepth: 2 })).toHaveLength(1);
    expect(offsetOf(() => objectMembers('{"a":[[1]]}', { maxDepth: 2 }))).toBe(6);
  });
});

describe("eachMember", () => {
  it("gives the members before a syntax error", () => {
    const names: string[] = [];
    expect(
      offsetOf(() => {
        for (const { name } of eachMember('{"id":1,"x":[],"y":oops}')) names.push(name);
      }),
    ).toBe(19);
    expect(names).toEqual(["id", "x"]);
  });
});

describe("arrayElements", () => {
  it("gives the texts of the elements", () => {
    expect(arrayElements(' [ 1.0 , {"a": 2}, "x" ] ')).toEqual(["1.0", '{"a": 2}', '"x"']);
    expect(arrayElements("[ ]")).toEqual([]);
  });

  it("gives texts that parse to what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.array(jsonText), (texts) => {
        expect(arrayElements(`[${texts.join(" , ")}]`)).toEqual(texts);
      }),
    );
  });

  it.each(["", "{}", "[1", "[1,]", "[,]", "[1]x", "[1 2]"])("refuses %j", (text) => {
    expect(() => arrayElements(text)).toThrow(JsonSyntaxError);
  });
});
