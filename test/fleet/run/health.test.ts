import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HealthWatch } from "../../../src/fleet/run/health.ts";

const intervalMs = 1000;

/** A server that answers no ping, watched by a clock that the test moves. */
function watched() {
  const server = { written: 0 };
  const changes: boolean[] = [];
  const watch = new HealthWatch(
    { intervalMs, timeoutMs: 100, failureThreshold: 2 },
    {
      now: () => 0,
      ping: () => Promise.reject(new Error("no answer")),
      heard: () => server.written,
      pingEngine: () => Promise.resolve(),
      paused: () => false,
      onChange: (healthy) => changes.push(healthy),
    },
  );
  return { server, watch, changes };
}

describe("HealthWatch", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("takes a server for alive that writes while it does not answer", async () => {
    const { server, watch, changes } = watched();
    for (let check = 0; check < 5; check += 1) {
      server.written += 1;
      await vi.advanceTimersByTimeAsync(intervalMs);
      expect(watch.snapshot()).toEqual({ healthy: true, failures: 0, repliedMs: undefined });
    }
    expect(changes).toEqual([]);
    watch.stop();
  });

  it("takes one for unhealthy that neither answers nor writes, and for well once it writes again", async () => {
    const { server, watch, changes } = watched();
    await vi.advanceTimersByTimeAsync(2 * intervalMs);
    expect(changes).toEqual([false]);
    server.written += 1;
    await vi.advanceTimersByTimeAsync(intervalMs);
    expect(changes).toEqual([false, true]);
    watch.stop();
  });
});
