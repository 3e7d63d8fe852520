import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Notifier } from "../../../src/base/async/notifier.ts";
import { collectGarbage } from "../../heap.ts";

const hour = 3_600_000;
const never = new AbortController().signal;

describe("Notifier", () => {
  it("tells all who wait of a change, and who asks after it", async () => {
    const notifier = new Notifier();
    const since = notifier.count;
    const waits = [1, 2].map(() => notifier.wait({ since, timeoutMs: hour, signal: never }));
    notifier.notify();
    expect(await Promise.all(waits)).toEqual([true, true]);
    expect(await notifier.wait({ since, timeoutMs: hour, signal: never })).toBe(true);
  });

  it("ends a wait when the time is over, or the signal aborts", async () => {
    const notifier = new Notifier();
    expect(await notifier.wait({ timeoutMs: 1, signal: never })).toBe(false);
    const leaving = new AbortController();
    const wait = notifier.wait({ timeoutMs: hour, signal: leaving.signal });
    leaving.abort();
    expect(await wait).toBe(false);
    expect(await notifier.wait({ timeoutMs: hour, signal: leaving.signal })).toBe(false);
  });

  it("ends the wait of one that looked before the last change, not of one that looked after it", async () => {
    const notifier = new Notifier();
    const before = notifier.count;
    notifier.notify();
    expect(await notifier.wait({ since: before })).toBe(true);
    expect(await notifier.wait({ since: notifier.count, timeoutMs: 1 })).toBe(false);
    const next = notifier.wait();
    notifier.notify();
    expect(await next).toBe(true);
  });

  it("keeps nobody who has left, though the change never comes", async () => {
    const notifier = new Notifier();
    const callers = await Promise.all([1, 2, 3].map(() => leftCaller(notifier)));
    await setImmediate();
    collectGarbage();
    expect(callers.map((caller) => caller.deref())).toEqual([undefined, undefined, undefined]);
    notifier.notify();
  });
});

/** A caller that waited and left. */
async function leftCaller(notifier: Notifier): Promise<WeakRef<AbortSignal>> {
  const leaving = new AbortController();
  const wait = notifier.wait({ since: notifier.count, timeoutMs: hour, signal: leaving.signal });
  leaving.abort();
  await wait;
  return new WeakRef(leaving.signal);
}
