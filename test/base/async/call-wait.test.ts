import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CallWait } from "../../../src/base/async/call-wait.ts";
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
    const wait = new CallWait();
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
      const wait = new CallWait();
      for (const ms of limits) wait.limit(ms);
      vi.advanceTimersByTime(100);
      expect(wait.signal.reason).toMatchObject({ message: expect.stringContaining("100 ms") });
    }
  });

  it("is over at once when its deadline has passed already", () => {
    const wait = new CallWait();
    wait.limit(0, left);
    expect(wait.signal.reason).toMatchObject({ kind: "cancelled" });
  });

  it("keeps the reason that came first", () => {
    const wait = new CallWait();
    wait.limit(10);
    wait.abort(left());
    vi.advanceTimersByTime(10);
    wait.limit(0);
    expect(wait.signal.reason).toMatchObject({ kind: "cancelled" });
  });

  it("leaves no timer behind once its call has ended", () => {
    const waits = [100, 60_000].map((ms) => {
      const wait = new CallWait();
      wait.limit(ms);
      return wait;
    });
    for (const wait of waits) wait.end();
    vi.advanceTimersByTime(60_000);
    expect(waits.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps a deadline that is longer than a timer of Node can run", () => {
    const wait = new CallWait();
    wait.limit(2 ** 31 + 1000);
    vi.advanceTimersByTime(2 ** 31);
    expect(wait.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(wait.signal.aborted).toBe(true);
  });
});
