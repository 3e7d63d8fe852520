import { describe, expect, it } from "vitest";
import { hasMoreValues } from "../../src/json/count-values.ts";

const inPieces = (text: string, size: number) =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, piece) =>
    Buffer.from(text.slice(piece * size, (piece + 1) * size)),
  );

describe("hasMoreValues", () => {
  it.each([1, 3, 1000])("counts values and no punctuation of strings, in pieces of %i", (size) => {
    const text = '{"a,[{":[1,"\\",[{",true],"b":{"c":"\\\\"}}';
    // The object, the list and its three, the object and its one.
    expect(hasMoreValues(inPieces(text, size), 6)).toBe(true);
    expect(hasMoreValues(inPieces(text, size), 7)).toBe(false);
  });

  it("counts a container that is empty once", () => {
    const text = `[${" { } , [\n], ".repeat(100)}{}]`;
    expect(hasMoreValues(inPieces(text, 1000), 201)).toBe(true);
    expect(hasMoreValues(inPieces(text, 1000), 202)).toBe(false);
  });
});
