import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { truncateUtf8 } from "../../../src/base/text/truncate.ts";

/** Without U+FFFD, by which a torn character is told. */
const text = fc.string({ unit: "grapheme", maxLength: 200 }).filter((whole) => !whole.includes("\ufffd"));
const maxBytes = fc.integer({ min: 3, max: 100 });

describe("truncateUtf8", () => {
  it("keeps within its bytes and keeps characters whole", () => {
    fc.assert(
      fc.property(text, maxBytes, fc.constantFrom("start", "end"), (whole, max, keep) => {
        const short = truncateUtf8(whole, { maxBytes: max, keep });
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(max);
        expect(short.isWellFormed()).toBe(true);
        expect(short).not.toContain("\ufffd");
      }),
    );
  });

  it("leaves a text alone that is short enough, and shows the cut of another", () => {
    fc.assert(
      fc.property(text, maxBytes, (whole, max) => {
        const start = truncateUtf8(whole, { maxBytes: max, keep: "start" });
        const end = truncateUtf8(whole, { maxBytes: max, keep: "end" });
        if (Buffer.byteLength(whole) <= max) expect([start, end]).toEqual([whole, whole]);
        else {
          expect(start.endsWith("…") && whole.startsWith(start.slice(0, -1))).toBe(true);
          expect(end.startsWith("…") && whole.endsWith(end.slice(1))).toBe(true);
        }
      }),
    );
  });

  it("wastes no more than a character", () => {
    expect(truncateUtf8("é".repeat(10), { maxBytes: 11, keep: "start" })).toBe("éééé…");
    expect(truncateUtf8("é".repeat(10), { maxBytes: 11, keep: "end" })).toBe("…éééé");
    expect(truncateUtf8("x".repeat(10), { maxBytes: 9, keep: "end" })).toBe("…xxxxxx");
  });
});
