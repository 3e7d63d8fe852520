import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Excerpt } from "../../../src/fleet/logs/excerpt.ts";

function excerptOf(...pieces: string[]) {
  const excerpt = new Excerpt({ headChars: 10, tailChars: 20 });
  for (const piece of pieces) excerpt.add(piece);
  return { head: excerpt.head, tail: excerpt.tail };
}

describe("Excerpt", () => {
  it("has a short text whole as its end, without the last line break", () => {
    expect(excerptOf("first\n", "last\n")).toEqual({ head: "", tail: "first\nlast" });
    expect(excerptOf()).toEqual({ head: "", tail: "" });
  });

  it("has the beginning of a longer one, too, of what the end does not have", () => {
    expect(excerptOf("0123456789", "abcdefghij", "ABCDEFGHIJ")).toEqual({
      head: "0123456789",
      tail: "abcdefghijABCDEFGHIJ",
    });
    expect(excerptOf("01234", "abcdefghij", "ABCDEFGHIJ")).toEqual({ head: "01234", tail: "abcdefghijABCDEFGHIJ" });
  });

  it("of any text in any pieces has its first and last characters, and none twice", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\n", "c"), maxLength: 60 })), (pieces) => {
        const text = pieces.join("");
        const { head, tail } = excerptOf(...pieces);
        const end = text.slice(-20);
        expect(tail).toBe(end.replace(/\n$/, ""));
        expect(head).toBe(text.slice(0, Math.min(10, text.length - end.length)));
      }),
    );
  });

  it("does not tear a character in two", () => {
    expect(excerptOf(`x${"🙂".repeat(20)}`).tail.isWellFormed()).toBe(true);
  });

  it("of a flood of small lines costs no more than its size", () => {
    const excerpt = new Excerpt({ headChars: 10, tailChars: 20 });
    for (let index = 0; index < 1_000_000; index += 1) excerpt.add(`${index}\n`);
    expect(excerpt.tail).toBe("99997\n999998\n999999");
  });
});
