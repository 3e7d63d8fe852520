import { describe, expect, it } from "vitest";
import { detached } from "../../../src/base/text/detached.ts";
import { heapUsed } from "../../heap.ts";

describe("detached", () => {
  it("gives the same text", () => {
    for (const text of ["", "abc", "é\u00a0🙂\0"]) expect(detached(text)).toBe(text);
    expect(detached("a\ud800")).toBe("a\ufffd");
  });

  it("does not keep the text that it was cut out of", () => {
    const before = heapUsed();
    const kept = Array.from({ length: 300 }, (_, index) => detached(`${index}`.padEnd(1024 * 1024, "é").slice(0, 50)));
    expect(kept).toHaveLength(300);
    expect(heapUsed() - before).toBeLessThan(100 * 1024 * 1024);
  });
});
