import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isExactNumber, isExactValue } from "../../src/mcp/exact-value.ts";

function nested(levels: number): string {
  return `${'{"a":['.repeat(levels / 2)}${"]}".repeat(levels / 2)}`;
}

describe("isExactNumber", () => {
  it.each([
    "0",
    "-0",
    "0.0",
    "0e999999999999",
    "1",
    "1.0",
    "1e2",
    "1E+2",
    "100",
    "0.1",
    "0.10",
    "-0.5e-3",
    "9007199254740992",
    "100000000000000000000",
    "1e21",
    "1e22",
    "1.7976931348623157e308",
    `17976931348623157${"0".repeat(292)}`,
    "5e-324",
    `0.${"0".repeat(323)}5`,
  ])("says that a double holds %s", (text) => {
    expect(isExactNumber(text)).toBe(true);
  });

  it.each([
    "9007199254740993",
    "-9007199254740993",
    "1e400",
    "-1e400",
    "1e-400",
    "1e-99999999999999999999",
    "0.1000000000000000055511151231257827",
    "3.14159265358979323846",
    "123456789012345678901",
    "2e-324",
  ])("says that no double holds %s", (text) => {
    expect(isExactNumber(text)).toBe(false);
  });

  it("says that each double's own text is exact", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(isExactNumber(JSON.stringify(value))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("says of an integer up to 10^20 whether the double's text is that integer", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (value) => {
        expect(isExactNumber(String(value))).toBe(String(Number(value)) === String(value));
      }),
      { numRuns: 1000 },
    );
  });

  it("does not work its way through millions of digits", () => {
    expect(isExactNumber(`0.1${"0".repeat(10_000_000)}1`)).toBe(false);
    expect(isExactNumber(`1e-${"9".repeat(10_000_000)}`)).toBe(false);
  });
});

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
