import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChunkOptions, textChunks } from "../../../src/rpc/convert/result-chunks.ts";

const texts = (text: string, options: ChunkOptions) => [...textChunks(text, options)].map((chunk) => chunk.text);
const plain = (maxBytes: number) => ({ maxBytes, escaped: false });

describe("textChunks", () => {
  it("cuts between characters of one to four bytes", () => {
    expect(texts("abcdef", plain(3))).toEqual(["abc", "def"]);
    expect(texts("aéz", plain(2))).toEqual(["a", "é", "z"]);
    expect(texts("a🌍b🌍", plain(5))).toEqual(["a🌍", "b🌍"]);
    expect(texts("a🌍b🌍", plain(4))).toEqual(["a", "🌍", "b", "🌍"]);
    expect(texts("€€€", plain(8))).toEqual(["€€", "€"]);
  });

  it("counts what a JSON string makes of a character", () => {
    expect(texts('"\\"\\', { maxBytes: 4, escaped: true })).toEqual(['"\\', '"\\']);
    expect(texts('"\\"\\', plain(4))).toEqual(['"\\"\\']);
    expect(texts("\t\ta", { maxBytes: 12, escaped: true })).toEqual(["\t\t", "a"]);
  });

  it("says which piece is the last", () => {
    expect([...textChunks("abc", plain(2))].map(({ last }) => last)).toEqual([false, true]);
    expect([...textChunks("ab", plain(2))].map(({ last }) => last)).toEqual([true]);
  });

  it("puts at least one character in a piece", () => {
    expect(texts("🌍🌍", plain(1))).toEqual(["🌍", "🌍"]);
  });

  it("makes a piece only when it is asked for", () => {
    const chunks = textChunks("x".repeat(1000), plain(10));
    expect(chunks.next().value).toEqual({ text: "x".repeat(10), last: false });
  });

  it("makes pieces of any text that are whole characters, no larger than allowed, and together the text", () => {
    const anyText = fc.string({ unit: "binary", maxLength: 200 });
    fc.assert(
      fc.property(anyText, fc.integer({ min: 6, max: 40 }), fc.boolean(), (text, maxBytes, escaped) => {
        const pieces = texts(text, { maxBytes, escaped });
        expect(pieces.join("")).toBe(text);
        for (const piece of pieces) {
          expect(piece.isWellFormed()).toBe(true);
          const form = escaped ? JSON.stringify(piece).slice(1, -1) : piece;
          expect(Buffer.byteLength(form)).toBeLessThanOrEqual(maxBytes);
        }
      }),
    );
  });
});
