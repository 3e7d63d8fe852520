import { describe, expect, it, vi } from "vitest";
import { type ErrorDetails, ManagerError } from "../../../src/base/errors/errors.ts";
import { RestartSchedule, restartPlan, steadyAfterMs } from "../../../src/fleet/run/restart-schedule.ts";

const down = (details: Omit<ErrorDetails, "delivery">) =>
  new ManagerError("not_running", "down", { details: { ...details, delivery: "not_sent" } });
const crash = down({ reason: "SERVER_EXITED", exitCode: 1 });
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

describe("restartPlan", () => {
  it.each([
    ["never", { reason: "SERVER_EXITED", exitCode: 1 }, "stay_down"],
    ["on_failure", { reason: "SERVER_EXITED", exitCode: 1 }, "restart"],
    ["on_failure", { reason: "SERVER_EXITED", exitCode: 0 }, "stay_down"],
    ["on_failure", { reason: "SERVER_EXITED" }, "restart"],
    ["on_failure", { reason: "SERVER_OUT_OF_MEMORY", exitCode: 137 }, "restart"],
    ["on_failure", { reason: "CONTAINER_REMOVED" }, "restart"],
    ["on_failure", { reason: "SERVER_UNHEALTHY" }, "restart"],
    ["always", { reason: "SERVER_EXITED", exitCode: 0 }, "restart"],
    ["always", { reason: "ENGINE_UNAVAILABLE" }, "stay_down"],
    ["always", { reason: "CONTAINER_PAUSED" }, "stay_down"],
  ] as const)("of policy %s after %j is %s", (policy, details, kind) => {
    expect(restartPlan({ policy }, { error: down(details), restarts: 0 }).kind).toBe(kind);
  });

  it.each([
    ["never", "stay_down"],
    ["on_failure", "restart"],
    ["always", "restart"],
  ] as const)("of policy %s after an exit with code 0 that was the engine's doing is %s", (policy, kind) => {
    const error = down({ reason: "SERVER_EXITED", exitCode: 0 });
    expect(restartPlan({ policy }, { error, restarts: 0, withEngine: true }).kind).toBe(kind);
  });

  it("is that of on_failure when the spec says nothing", () => {
    expect(restartPlan(undefined, { error: crash, restarts: 0 })).toEqual({ kind: "restart", delayMs: 200 });
  });

  it("doubles the pause up to the longest", () => {
    const spec = { initialBackoffMs: 100, maxBackoffMs: 1000 };
    const delays = [0, 1, 2, 3, 4, 9].map((restarts) => restartPlan(spec, { error: crash, restarts }));
    expect(delays.map((plan) => "delayMs" in plan && plan.delayMs)).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it("keeps a first pause that is longer than the default longest", () => {
    const plan = restartPlan({ initialBackoffMs: 120_000 }, { error: crash, restarts: 3 });
    expect(plan).toEqual({ kind: "restart", delayMs: 120_000 });
  });

  it("gives up after the most restarts in a row, and never when there is no limit", () => {
    expect(restartPlan({ maxRestarts: 2 }, { error: crash, restarts: 1 }).kind).toBe("restart");
    expect(restartPlan({ maxRestarts: 2 }, { error: crash, restarts: 2 })).toEqual({ kind: "give_up", restarts: 2 });
    expect(restartPlan({ maxRestarts: 0 }, { error: crash, restarts: 1e9 }).kind).toBe("restart");
  });
});

describe("steadyAfterMs", () => {
  it("is 10 s, or the longest pause if that is longer", () => {
    expect(steadyAfterMs({ maxBackoffMs: 1000 })).toBe(10_000);
    expect(steadyAfterMs()).toBe(60_000);
  });
});
