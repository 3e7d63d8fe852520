import { expect, test } from "vitest";
import { loggable } from "../../../../src/runtime/docker/engine/loggable.ts";

test("loggable escapes what would move a terminal's cursor, and is bounded", () => {
  expect(loggable("a\u001b[2J\r\nb\u202ec\u2028d")).toBe("a\\u{1b}[2J\\u{d}\\u{a}b\\u{202e}c\\u{2028}d");
  expect(loggable("é".repeat(2000))).toHaveLength(801);
});
