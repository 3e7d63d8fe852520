import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Demuxer } from "../../../../src/runtime/docker/stdio/demux.ts";
import { frame } from "../fake-engine.ts";

function demux(chunks: readonly Buffer[]) {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const demuxer = new Demuxer({ stdout: (chunk) => out.push(chunk), stderr: (chunk) => err.push(chunk) });
  for (const chunk of chunks) demuxer.push(chunk);
  return { out, err };
}

/** Cuts bytes at the given places. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("Demuxer", () => {
  test("separates stdout and stderr of several frames in one chunk", () => {
    const { out, err } = demux([Buffer.concat([frame(1, "one"), frame(2, "oops"), frame(1, "two")])]);
    expect(Buffer.concat(out).toString()).toBe("onetwo");
    expect(Buffer.concat(err).toString()).toBe("oops");
  });

  test("gives the same payloads however the stream is cut", () => {
    const frames = fc.array(fc.record({ type: fc.constantFrom(1 as const, 2 as const), payload: fc.uint8Array() }));
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (sent, cuts) => {
        const { out, err } = demux(split(Buffer.concat(sent.map(({ type, payload }) => frame(type, payload))), cuts));
        const of = (type: number) => Buffer.concat(sent.filter((one) => one.type === type).map((one) => one.payload));
        expect(Buffer.concat(out).equals(of(1))).toBe(true);
        expect(Buffer.concat(err).equals(of(2))).toBe(true);
      }),
    );
  });

  test("reads a header that comes byte by byte", () => {
    const { out } = demux(Array.from(frame(1, "hi"), (byte) => Buffer.from([byte])));
    expect(out.map(String)).toEqual(["h", "i"]);
  });

  test("passes payload on before its frame is complete", () => {
    const { out } = demux([frame(1, "hello").subarray(0, 10)]);
    expect(out.map(String)).toEqual(["he"]);
  });

  test("passes payload on as a view of what came in", () => {
    const chunk = frame(1, "hello");
    const { out } = demux([chunk]);
    expect(out[0]?.buffer).toBe(chunk.buffer);
  });

  test("emits nothing for an empty frame", () => {
    const { out, err } = demux([frame(1, ""), frame(2, "")]);
    expect([...out, ...err]).toEqual([]);
  });

  test("takes a frame length beyond 2^31", () => {
    const { out } = demux([Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 65])]);
    expect(out.map(String)).toEqual(["A"]);
  });

  test.each([
    ["an unknown type", Buffer.from([3, 0, 0, 0, 0, 0, 0, 1])],
    ["a byte that should be zero", Buffer.from([1, 0, 1, 0, 0, 0, 0, 1])],
    ["text of the engine", Buffer.from("HTTP/1.1 500 Internal Server Error")],
  ])("throws on %s", (_what, bytes) => {
    expect(() => demux([bytes])).toThrow(/corrupt/);
    expect(() => demux(Array.from(bytes, (byte) => Buffer.from([byte])))).toThrow(/corrupt/);
  });
});
