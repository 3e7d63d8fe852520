import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isExactNumber } from "../../src/json/exact-number.ts";

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
