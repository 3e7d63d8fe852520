import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../src/jsonrpc/line-splitter.ts";
import type { OversizedLine } from "../../src/jsonrpc/skipped-line.ts";

type Seen = string | { readonly bytes: number; readonly head: string; readonly tail: string };

function openSplitter(maxLineBytes = 1 << 20) {
  const seen: Seen[] = [];
  const splitter = new LineSplitter({
    maxLineBytes,
    onLine: (line) => seen.push(line.toString("utf8")),
    onOversized: ({ bytes, head, tail }: OversizedLine) =>
      seen.push({ bytes, head: head.toString("latin1"), tail: tail.toString("latin1") }),
  });
  return { seen, splitter };
}

/** The lines of these bytes, pushed in pieces of these sizes, over and over. */
function linesOf(bytes: Buffer, sizes: readonly number[], maxLineBytes?: number): Seen[] {
  const { seen, splitter } = openSplitter(maxLineBytes);
  for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
    const size = sizes[piece % sizes.length] ?? bytes.length;
    splitter.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  splitter.end();
  return seen;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

describe("LineSplitter", () => {
  it("gives the same lines whatever the chunks are", () => {
    const content = fc
      .array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("\n", "\r\n", "\n\n", "\ufeff", "é", "🙂")))
      .map((parts) => Buffer.from(parts.join("")));
    fc.assert(
      fc.property(content, sizes, (bytes, pieces) => {
        expect(linesOf(bytes, pieces)).toEqual(linesOf(bytes, [bytes.length + 1]));
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the lines that splitting the text gives", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n\ufeff]/g, ""));
    fc.assert(
      fc.property(fc.array(line), sizes, (lines, pieces) => {
        expect(linesOf(Buffer.from(lines.map((text) => `${text}\n`).join("")), pieces)).toEqual(lines);
      }),
    );
  });

  it("gives the same oversized lines whatever the chunks are", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 6 });
    fc.assert(
      fc.property(lengths, sizes, (wanted, pieces) => {
        const bytes = Buffer.from(wanted.map((length) => `${"abcdefghij".repeat(6).slice(0, length)}\n`).join(""));
        const seen = linesOf(bytes, pieces, 20);
        expect(seen).toEqual(linesOf(bytes, [bytes.length + 1], 20));
        expect(seen.map((line) => (typeof line === "string" ? line.length : line.bytes))).toEqual(wanted);
        for (const line of seen) expect(typeof line === "string" ? line.length <= 20 : line.bytes > 20).toBe(true);
      }),
    );
  });

  it("strips one CR at the end and a BOM at the start of a line, and nothing else", () => {
    expect(linesOf(Buffer.from("a\r\n\r\n\ufeff{}\r\na\rb\n x \n"), [3])).toEqual(["a", "", "{}", "a\rb", " x "]);
  });

  it("keeps a character whole that spans chunks", () => {
    expect(linesOf(Buffer.from("é🙂\n"), [1])).toEqual(["é🙂"]);
  });

  it("keeps the first and last 4096 bytes of an oversized line, and counts the others", () => {
    const body = `HEAD${"x".repeat(100_000)}TAIL`;
    for (const size of [1, 7, 4096, 65_536, 200_000]) {
      const [line] = linesOf(Buffer.from(`${body}\nnext\n`), [size], 10_000);
      expect(line).toEqual({ bytes: body.length, head: body.slice(0, 4096), tail: body.slice(-4096) });
    }
  });

  it("keeps the same first and last bytes of an oversized line whatever the chunks are", () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.integer({ min: 21, max: 20_000 }), pieces, (length, wanted) => {
        const body = Array.from({ length }, (_, index) => String.fromCharCode(97 + (index % 23))).join("");
        const [line] = linesOf(Buffer.from(`${body}\n`), wanted, 20);
        expect(line).toEqual({ bytes: length, head: body.slice(0, 4096), tail: body.slice(-4096) });
      }),
    );
  });

  it("gives the lines after an oversized one", () => {
    const text = `${"x".repeat(50)}\nfine\n${"y".repeat(21)}\n\nfine, too\n`;
    const seen = linesOf(Buffer.from(text), [7], 20);
    expect(seen.map((line) => (typeof line === "string" ? line : line.bytes))).toEqual([
      50,
      "fine",
      21,
      "",
      "fine, too",
    ]);
  });

  it("takes a line of exactly the limit, and one byte more is oversized", () => {
    for (const size of [1, 100]) {
      expect(linesOf(Buffer.from(`${"x".repeat(20)}\n`), [size], 20)).toEqual(["x".repeat(20)]);
      expect(linesOf(Buffer.from(`${"x".repeat(21)}\n`), [size], 20)).toMatchObject([{ bytes: 21 }]);
    }
  });

  it("hands on what stands without a line break when the stream ends", () => {
    expect(linesOf(Buffer.from("a\nhalf"), [2])).toEqual(["a", "half"]);
    expect(linesOf(Buffer.from("a\n"), [2])).toEqual(["a"]);
    expect(linesOf(Buffer.from("x".repeat(30)), [7], 20)).toMatchObject([{ bytes: 30 }]);
  });

  it("keeps nothing after the end", () => {
    const { seen, splitter } = openSplitter();
    splitter.push(Buffer.from("half"));
    splitter.end();
    splitter.end();
    splitter.push(Buffer.from("next\n"));
    expect(seen).toEqual(["half", "next"]);
  });

  it("does not keep the bytes of an oversized line", () => {
    const { seen, splitter } = openSplitter(20);
    const chunk = Buffer.alloc(64 * 1024, "x");
    const before = process.memoryUsage.rss();
    for (let count = 0; count < 8192; count += 1) splitter.push(chunk);
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 1024 * 1024);
    splitter.end();
    expect(seen).toMatchObject([{ bytes: 512 * 1024 * 1024 }]);
  });

  it("does not keep the chunks: a large line in small pieces is copied as it comes", () => {
    const { seen, splitter } = openSplitter();
    const chunk = Buffer.from("a");
    for (let count = 0; count < 300_000; count += 1) {
      splitter.push(chunk);
      chunk[0] = 97 + (count % 26);
    }
    chunk[0] = 0;
    splitter.push(Buffer.from("\n"));
    const expected = `a${Array.from({ length: 299_999 }, (_, index) => String.fromCharCode(97 + (index % 26))).join("")}`;
    expect(seen).toEqual([expected]);
  });
});
