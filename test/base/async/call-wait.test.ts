import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CallWait, FarDeadlines } from "../../../src/base/async/call-wait.ts";
import { ManagerError } from "../../../src/base/errors/errors.ts";

const left = () =>
  new ManagerError("cancelled", "the caller left", { details: { reason: "CANCELLED", delivery: "sent" } });

describe("CallWait", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([1, 50, 1999, 2001, 3600, 60_000])("aborts after its deadline of %i ms, and not before", (ms) => {
    const wait = new CallWait(new FarDeadlines());
    wait.limit(ms);
    vi.advanceTimersByTime(ms - 1);
    expect(wait.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(wait.signal.reason).toMatchObject({ kind: "deadline", message: expect.stringContaining(`${ms} ms`) });
  });

  it("ends by the nearest of its deadlines, whichever came first", () => {
    for (const limits of [
      [100, 60_000],
      [60_000, 100],
      [60_000, 5000, 100, 3000],
    ]) {
      const wait = new CallWait(new FarDeadlines());
      for (const ms of limits) wait.limit(ms);
      vi.advanceTimersByTime(100);
      expect(wait.signal.reason).toMatchObject({ message: expect.stringContaining("100 ms") });
    }
  });

  it("is over at once when its deadline has passed already", () => {
    const wait = new CallWait(new FarDeadlines());
    wait.limit(0, left);
    expect(wait.signal.reason).toMatchObject({ kind: "cancelled" });
  });

  it("tells its listeners once, with its reason there, and not those that went", () => {
    const wait = new CallWait(new FarDeadlines());
    const told: unknown[] = [];
    const listener = () => told.push(wait.reason);
    const gone = vi.fn<() => void>();
    wait.addEventListener("abort", gone);
    wait.addEventListener("abort", listener);
    wait.removeEventListener("abort", gone);
    const reason = left();
    wait.abort(reason);
    wait.abort(left());
    expect(told).toEqual([reason]);
    expect(gone).not.toHaveBeenCalled();
    expect(wait).toMatchObject({ aborted: true, reason });
  });

  it("tells all listeners, also when one of them takes itself away", () => {
    const wait = new CallWait(new FarDeadlines());
    const second = vi.fn<() => void>();
    const first = () => wait.removeEventListener("abort", first);
    wait.addEventListener("abort", first);
    wait.addEventListener("abort", second);
    wait.abort(left());
    expect(second).toHaveBeenCalledOnce();
  });

  it("keeps the reason that came first", () => {
    const wait = new CallWait(new FarDeadlines());
    wait.limit(10);
    wait.abort(left());
    vi.advanceTimersByTime(10);
    wait.limit(0);
    expect(wait.signal.reason).toMatchObject({ kind: "cancelled" });
  });

  it("keeps every far deadline, whichever of the others have ended", () => {
    const far = new FarDeadlines();
    const waits = Array.from({ length: 20 }, () => new CallWait(far));
    for (const wait of waits) wait.limit(60_000);
    const ended = [0, 19, 7, 8, 18, 1];
    for (const index of ended) waits[index]?.end();
    vi.advanceTimersByTime(60_000);
    expect(waits.map(({ signal }) => signal.aborted)).toEqual(waits.map((_, index) => !ended.includes(index)));
  });

  it("leaves no timer behind once its call has ended", () => {
    const far = new FarDeadlines();
    const waits = [100, 60_000].map((ms) => {
      const wait = new CallWait(far);
      wait.limit(ms);
      return wait;
    });
    for (const wait of waits) wait.end();
    vi.advanceTimersByTime(60_000);
    expect(waits.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has one timer for all deadlines that are far away", () => {
    const far = new FarDeadlines();
    for (let calls = 0; calls < 100; calls += 1) new CallWait(far).limit(60_000 + calls);
    expect(vi.getTimerCount()).toBe(1);
  });
});
