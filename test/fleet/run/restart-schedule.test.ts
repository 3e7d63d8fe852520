import { describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { RestartSchedule } from "../../../src/fleet/run/restart-schedule.ts";

const crash = new ManagerError("not_running", "down", {
  details: { reason: "SERVER_EXITED", delivery: "not_sent", exitCode: 1 },
});
const spec = { initialBackoffMs: 10, maxBackoffMs: 20_000, maxRestarts: 2 };

function schedule() {
  const due = vi.fn();
  const clock = { nowMs: 0 };
  const restarts = new RestartSchedule(spec, { now: () => clock.nowMs, onDue: due });
  return { restarts, clock, due };
}

describe("RestartSchedule", () => {
  it("waits longer each time, and gives up in the end", () => {
    const { restarts } = schedule();
    const plans = [restarts.down(crash), restarts.down(crash), restarts.down(crash)];
    restarts.cancel();
    expect(plans).toEqual([
      { kind: "restart", delayMs: 10 },
      { kind: "restart", delayMs: 20 },
      { kind: "give_up", restarts: 2 },
    ]);
  });

  it("begins anew after it was up for as long as its longest pause, and not before", () => {
    const { restarts, clock } = schedule();
    restarts.down(crash);
    restarts.ready();
    clock.nowMs += 19_999;
    expect(restarts.down(crash)).toEqual({ kind: "restart", delayMs: 20 });
    restarts.ready();
    clock.nowMs += 20_000;
    expect(restarts.down(crash)).toEqual({ kind: "restart", delayMs: 10 });
    restarts.cancel();
  });

  it("begins anew when somebody asks for a start", () => {
    const { restarts } = schedule();
    restarts.down(crash);
    restarts.down(crash);
    restarts.beginAnew();
    expect(restarts.down(crash)).toEqual({ kind: "restart", delayMs: 10 });
    restarts.cancel();
  });

  it("says when it is time, unless it was cancelled", () => {
    vi.useFakeTimers();
    try {
      const { restarts, due } = schedule();
      restarts.down(crash);
      vi.advanceTimersByTime(10);
      expect(due).toHaveBeenCalledTimes(1);
      restarts.down(crash);
      restarts.cancel();
      vi.advanceTimersByTime(60_000);
      expect(due).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
