import { describe, expect, it } from "vitest";
import { inexactNumber, roundedNumber } from "../../src/json/inexact-number.ts";

describe("inexactNumber", () => {
  it.each([
    ['{"a":9007199254740993}', ["a"]],
    ['{"a":[1,"x",{"b":true},[],{"c d":[null,1e400]}]}', ["a", 4, "c d", 1]],
    ['{"\\u0061":0.10000000000000000001}', ["a"]],
    ["[[1],[2,12345678901234567890]]", [1, 1]],
    ["1e999", []],
  ])("finds the first in %s", (text, path) => {
    expect(inexactNumber(text)).toEqual(path);
  });

  it.each(['{"a":9007199254740992,"b":[0.1,1e300,-0,5e-324]}', '"9007199254740993"', '{"9007199254740993":[]}'])(
    "finds none in %s",
    (text) => {
      expect(inexactNumber(text)).toBeUndefined();
    },
  );
});

describe("roundedNumber", () => {
  it.each([
    ['{"a":0.1234567890123456789}', ["a"]],
    ['{"a":[1,{"b":9007199254740993}]}', ["a", 1, "b"]],
    ['{"a":1e400}', ["a"]],
    ['{"a":1e-400}', ["a"]],
  ])("finds the number of %s that is not what was written any more", (text, path) => {
    expect(roundedNumber(text)).toEqual(path);
  });

  it("finds none where no digit is lost, nor in a text", () => {
    expect(
      roundedNumber('{"a":[0.1,123456789012345,1.50,1e3,9007199254740992,"0.1234567890123456789"]}'),
    ).toBeUndefined();
  });
});
