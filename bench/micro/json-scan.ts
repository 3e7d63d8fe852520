import { JsonSyntaxError, scanValue, skipString } from "../../src/json/json-scan.ts";
import { keep, type Pair, repeat } from "./by-hand.ts";

const file = "src/json/json-scan.ts";
const long = `"${"x".repeat(1_000_000)}"`;
const numbers = JSON.stringify(Array.from({ length: 170_000 }, (_, index) => 10_000 + (index % 90_000)));
const signedNumbers = numbers.replace(/\b1/g, "-1").replace(/\b(?=[2-9])/g, "-");
const plainChars = /[ !#-[\]-\uffff]*/y;

export const plainErrors: Pair = {
  thing: "a syntax error that is no Error",
  file,
  plainForm: "a class of Error",
  goesBelow: 3,
  // One that begins like a message and is none.
  part: { of: "a line of a log", times: 1 },
  hand: repeat(() => caught(() => new JsonSyntaxError("unexpected", 1))),
  plain: repeat(() => caught(() => new SyntaxError("unexpected"))),
};

export const longStrings: Pair = {
  thing: "long strings, searched in slices",
  file,
  plainForm: "one expression",
  goesBelow: 2,
  // A reply, then its result.
  part: { of: "1 MB", times: 2 },
  hand: repeat(() => keep(skipString(long, 0))),
  plain: repeat(() => keep(matched(plainChars, long, 1))),
};

export const digits: Pair = {
  thing: "numbers, digit by digit",
  file,
  plainForm: "an expression",
  goesBelow: 1.5,
  part: { of: "1 MB", times: 2 },
  hand: repeat(() => keep(scanValue(numbers, 0))),
  // Those with a sign go by the expression.
  plain: repeat(() => keep(scanValue(signedNumbers, 0))),
};

function caught(error: () => unknown): void {
  try {
    throw error();
  } catch (thrown) {
    keep(thrown);
  }
}

function matched(token: RegExp, text: string, start: number): number {
  token.lastIndex = start;
  token.test(text);
  return token.lastIndex;
}
