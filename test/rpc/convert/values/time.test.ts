import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMs, timestampMs, toDuration, toTimestamp } from "../../../../src/rpc/convert/values/time.ts";

describe("durations and timestamps", () => {
  it("come back as they went out", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e14, max: 1e14 }), (ms) => {
        expect(durationMs(toDuration(Math.abs(ms)))).toBe(Math.abs(ms));
        expect(timestampMs(toTimestamp(ms))).toBe(ms);
      }),
    );
  });

  it("have seconds and nanoseconds in their range, before 1970 too", () => {
    expect(toTimestamp(-1)).toMatchObject({ seconds: -1n, nanos: 999_000_000 });
    expect(toTimestamp(1.5)).toMatchObject({ seconds: 0n, nanos: 1_500_000 });
    expect(toDuration(90_000)).toMatchObject({ seconds: 90n, nanos: 0 });
  });

  it("are undefined when unset", () => {
    expect(durationMs(undefined)).toBeUndefined();
    expect(timestampMs(undefined)).toBeUndefined();
  });
});
