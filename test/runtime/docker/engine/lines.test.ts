import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lines } from "../../../../src/runtime/docker/engine/lines.ts";

const linesOf = (chunks: Iterable<Buffer>) => Array.fromAsync(lines(Readable.from(chunks, { objectMode: false })));

describe("lines", () => {
  test("gives the lines that are not empty, however the text is cut", async () => {
    const text = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("\n", "\n\n", " \n", "é\n")));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (parts, size) => {
        const bytes = Buffer.from(parts.join(""));
        const count = Math.ceil(bytes.length / size);
        const chunks = Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
        expect(await linesOf(chunks)).toEqual(
          bytes
            .toString()
            .split("\n")
            .filter((line) => line.trim() !== ""),
        );
      }),
    );
  });

  test("reads a line of 64 MiB in small chunks, which took a minute when each chunk cost all before it", async () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const [line] = await linesOf(Array.from({ length: 1024 }, () => chunk));
    expect(line).toHaveLength(64 * 1024 * 1024);
  });
});
