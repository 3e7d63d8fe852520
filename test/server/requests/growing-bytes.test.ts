import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GrowingBytes } from "../../../src/server/requests/growing-bytes.ts";

describe("GrowingBytes", () => {
  it("is all pieces one after the other, which are not changed by it", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
        const bytes = new GrowingBytes();
        const given = pieces.map((piece) => Buffer.from(piece));
        for (const piece of given) bytes.add(piece);
        expect(bytes.all).toEqual(Buffer.concat(pieces));
        expect(given).toEqual(pieces.map((piece) => Buffer.from(piece)));
        expect(bytes.take()).toHaveLength(bytes.length === 0 ? Buffer.concat(pieces).length : -1);
      }),
    );
  });

  it("keeps one piece as it is, without a copy", () => {
    const piece = Buffer.from("the usual body");
    const bytes = new GrowingBytes();
    bytes.add(piece);
    expect(bytes.all.buffer).toBe(piece.buffer);
    expect(bytes.all.byteOffset).toBe(piece.byteOffset);
  });

  it("keeps nothing of what small pieces were cut from", () => {
    const read = Buffer.alloc(64 * 1024);
    const bytes = new GrowingBytes();
    for (let at = 0; at < 100; at += 1) bytes.add(read.subarray(at, at + 1));
    expect(bytes.all.buffer).not.toBe(read.buffer);
    expect(bytes.all.buffer.byteLength).toBeLessThan(1000);
  });
});
