import { describe, expect, it } from "vitest";
import { isExactValue } from "../../src/json/exact-value.ts";

function nested(levels: number): string {
  return `${'{"a":['.repeat(levels / 2)}${"]}".repeat(levels / 2)}`;
}

describe("isExactValue", () => {
  it.each(["null", "true", '"x"', "[]", '{"a":{"a":1},"b":[{"a":1},{"a":2}]}', '"\\ud83d\\ude00"', '"\\\\ud800"'])(
    "says that a Value holds %s",
    (text) => {
      expect(isExactValue(text)).toBe(true);
    },
  );

  it.each([
    ["a rounded number", '{"a":[9007199254740993]}'],
    ["a name that comes twice", '{"a":1,"a":1}'],
    ["a name that comes twice, once escaped", '{"a":1,"\\u0061":1}'],
    ["a __proto__", '{"__proto__":{}}'],
    ["an escaped __proto__", '{"\\u005f_proto__":1}'],
    ["an unpaired surrogate in a string", '["\\ud800"]'],
    ["an unpaired surrogate in a name", '{"\\udc00":1}'],
    ["surrogates in the wrong order", '"\\ude00\\ud83d"'],
  ])("says that no Value holds %s", (_what, text) => {
    expect(isExactValue(text)).toBe(false);
  });

  it("takes 30 levels and not 31 or 32", () => {
    expect(isExactValue(nested(30))).toBe(true);
    expect(isExactValue(`[${nested(30)}]`)).toBe(false);
    expect(isExactValue(nested(32))).toBe(false);
    expect(isExactValue(nested(60))).toBe(false);
  });

  it("takes 100,000 values and stops at the next", () => {
    const array = (length: number) => `[${Array.from({ length }, () => "1").join(",")}]`;
    expect(isExactValue(array(99_999))).toBe(true);
    expect(isExactValue(array(100_000))).toBe(false);
    expect(isExactValue(`{"a":${array(4_000_000)},`)).toBe(false);
  });

  it("stops at the first level that is too deep, whatever comes after", () => {
    expect(isExactValue("[".repeat(5_000_000) + "]".repeat(5_000_000))).toBe(false);
  });
});
