import { describe, expect, it } from "vitest";
import { JsonValueCount } from "../../src/rpc/json-value-count.ts";

function push(text: string, chunkBytes = 1 << 20): void {
  const count = new JsonValueCount();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) count.push(bytes.subarray(at, at + chunkBytes));
}

describe("JsonValueCount", () => {
  it("lets a hundred thousand values pass, and no more, however they are cut", () => {
    const list = (length: number) => `[${Array.from({ length }, () => "1").join(",")}]`;
    for (const chunkBytes of [1, 7, 1 << 20]) {
      expect(() => push(list(99_999), chunkBytes)).not.toThrow();
      expect(() => push(list(100_001), chunkBytes)).toThrow("more than 100000 values");
    }
  });

  it("counts nothing inside strings", () => {
    const text = JSON.stringify([`${'{"[,\\'.repeat(50_000)}`, '\\"']);
    for (const chunkBytes of [1, 3, 1 << 20]) expect(() => push(text, chunkBytes)).not.toThrow();
  });
});
