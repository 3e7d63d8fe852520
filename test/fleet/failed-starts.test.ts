import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FailedStarts } from "../../src/fleet/failed-starts.ts";
import { LogRing } from "../../src/fleet/logs/log-ring.ts";
import type { ServerSnapshot } from "../../src/fleet/state/server-snapshot.ts";

const minutes = 60_000;
const mebibyte = 1024 * 1024;
const failure = {
  kind: "not_running",
  message: "server s exited",
  details: { reason: "SERVER_EXITED", delivery: "not_sent" },
  timeMs: 0,
} as const;

function failedStart(name: string, { logBytes = 0 } = {}) {
  const ring = new LogRing({ maxBytes: 64 * mebibyte, now: () => 0 });
  const line = { kind: "line", source: "stderr", text: "x".repeat(1000), flags: {} } as const;
  while (ring.bytes < logBytes) ring.append("i", line);
  return { server: { name, state: "stopped" } as ServerSnapshot, failure, ring };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const open = () => new FailedStarts({ elapsedMs: () => performance.now() });

describe("A first Start that failed", () => {
  it("is kept for ten minutes, as failed, and holds no memory after that", () => {
    const starts = open();
    const failed = failedStart("a");
    starts.add(failed);
    vi.advanceTimersByTime(9 * minutes);
    expect(starts.of("a")).toMatchObject({ server: { name: "a", state: "failed" }, failure, ring: failed.ring });
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(minutes);
    expect(vi.getTimerCount()).toBe(0);
    expect(starts.of("a")).toBeUndefined();
  });

  it("that fails again is kept for ten minutes from then on, as the newest", () => {
    const starts = open();
    starts.add(failedStart("a"));
    vi.advanceTimersByTime(9 * minutes);
    const again = failedStart("a");
    starts.add(again);
    vi.advanceTimersByTime(9 * minutes);
    expect(starts.of("a")?.ring).toBe(again.ring);
  });

  it("is forgotten when somebody has the name", () => {
    const starts = open();
    starts.add(failedStart("a"));
    starts.forget("a");
    expect(starts.of("a")).toBeUndefined();
  });

  it("makes room for newer ones: there are a hundred", () => {
    const starts = open();
    for (let index = 0; index <= 100; index += 1) starts.add(failedStart(`s${index}`));
    expect([starts.of("s0"), starts.of("s1")?.server.name, starts.of("s100")?.server.name]).toEqual([
      undefined,
      "s1",
      "s100",
    ]);
  });

  it("makes room for newer ones with long logs, and the newest is kept whatever it has", () => {
    const starts = open();
    for (const name of ["a", "b", "c"]) starts.add(failedStart(name, { logBytes: 7 * mebibyte }));
    expect(["a", "b", "c"].map((name) => starts.of(name)?.server.name)).toEqual([undefined, "b", "c"]);
    starts.add(failedStart("d", { logBytes: 20 * mebibyte }));
    expect(["b", "c", "d"].map((name) => starts.of(name)?.server.name)).toEqual([undefined, undefined, "d"]);
  });
});
