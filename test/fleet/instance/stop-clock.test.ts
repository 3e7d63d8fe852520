import { describe, expect, it } from "vitest";
import { StopClock } from "../../../src/fleet/instance/stop-clock.ts";

describe("StopClock", () => {
  it("is shortened by an earlier deadline, and tells those who wait", () => {
    let now = 1000;
    const clock = new StopClock({ graceMs: 500, elapsedMs: () => now });
    now = 1100;
    expect(clock.remainingMs).toBe(400);
    const { shortened } = clock;
    clock.shorten(1000);
    expect([clock.remainingMs, shortened.aborted]).toEqual([400, false]);
    clock.shorten(50);
    expect([clock.remainingMs, shortened.aborted, clock.shortened.aborted]).toEqual([50, true, false]);
    now = 2000;
    expect(clock.remainingMs).toBe(0);
  });
});
