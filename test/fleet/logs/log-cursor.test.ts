import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCursor, encodeCursor } from "../../../src/fleet/logs/log-cursor.ts";

describe("a log cursor", () => {
  it("comes back as it went out", () => {
    const number = fc.integer({ min: 0, max: 999_999_999_999_999 });
    fc.assert(
      fc.property(number, fc.oneof(number, fc.constant(-1)), number, (epochMs, ordinal, timeMs) => {
        expect(decodeCursor(encodeCursor({ epochMs, ordinal, timeMs }))).toEqual({ epochMs, ordinal, timeMs });
      }),
    );
  });

  it.each([
    "x",
    "AAAA",
    encodeCursorText("1.2"),
    encodeCursorText("1.--2.3"),
    encodeCursorText("1.2.3.4"),
    encodeCursorText("a.b.c"),
  ])("refuses %s, which is none", (text) => {
    expect(() => decodeCursor(text)).toThrow(
      expect.objectContaining({
        kind: "invalid",
        details: expect.objectContaining({
          violations: [{ field: "cursor", description: "must be a cursor of a Logs event" }],
        }),
      }),
    );
  });
});

function encodeCursorText(text: string): string {
  return Buffer.from(text).toString("base64url");
}
