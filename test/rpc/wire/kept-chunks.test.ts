import { describe, expect, it } from "vitest";
import { KeptChunks } from "../../../src/rpc/wire/kept-chunks.ts";

/** Bytes that the buffers hold on to, and how many these are. */
function heldBy(chunks: readonly Buffer[]): { bytes: number; buffers: number } {
  const buffers = new Set(chunks.map(({ buffer }) => buffer));
  return { bytes: [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0), buffers: chunks.length };
}

const of = (bytes: number, value = 1) => Buffer.allocUnsafeSlow(bytes).fill(value);

describe("KeptChunks", () => {
  it("has a single chunk as it came", () => {
    const kept = new KeptChunks();
    const chunk = of(10);
    kept.add(chunk);
    expect(kept.take()).toEqual([chunk]);
    expect(kept.take()).toEqual([]);
  });

  it("has large chunks as they came", () => {
    const kept = new KeptChunks();
    const chunks = [of(20_000), of(16_384), of(16_384)];
    for (const chunk of chunks) kept.add(chunk);
    kept.take().forEach((chunk, index) => {
      expect(chunk).toBe(chunks[index]);
    });
  });

  it.each([
    ["of one byte", [1]],
    ["of one byte, now and then a large one", [...Array(255).fill(1), 1025]],
    ["of one byte and of a thousand, in turn", [1, 1_000]],
    ["of one byte and of two thousand, in turn", [1, 2_000]],
  ] as [string, number[]][])("keeps little more than the bytes of chunks %s, in their order", (_of, sizes) => {
    const kept = new KeptChunks();
    const wanted: Buffer[] = [];
    let bytes = 0;
    for (let index = 0; bytes < 1_000_000; index += 1) {
      // As Node hands it on: a part of what was read.
      const read = of(64 * 1024, index % 251);
      const chunk = read.subarray(0, sizes[index % sizes.length]);
      kept.add(chunk);
      wanted.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (wanted.length > 20_000) break;
    }
    expect(kept.bytes).toBe(wanted.reduce((sum, { length }) => sum + length, 0));
    const chunks = kept.take();
    const small = chunks.filter(({ buffer }) => buffer.byteLength !== 64 * 1024);
    expect(heldBy(small).bytes).toBeLessThan(2 * kept.bytes + 2 * Buffer.concat(wanted).length + 10_000);
    expect(chunks.length).toBeLessThan(bytes / 500 + 30);
    expect(Buffer.concat(chunks).equals(Buffer.concat(wanted))).toBe(true);
  });
});
