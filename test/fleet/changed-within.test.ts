import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { changedWithin } from "../../src/fleet/changed-within.ts";
import { Pulse } from "../../src/fleet/pulse.ts";
import { collectGarbage } from "../heap.ts";

const hour = 3_600_000;
const never = new AbortController().signal;

describe("changedWithin", () => {
  it("tells all who wait of a change, and who asks after it", async () => {
    const pulse = new Pulse();
    const changed = pulse.next();
    const waits = [1, 2].map(() => changedWithin(changed, { ms: hour, signal: never }));
    pulse.wake();
    expect(await Promise.all(waits)).toEqual([true, true]);
    expect(await changedWithin(changed, { ms: hour, signal: never })).toBe(true);
  });

  it("ends when the time is over, or the signal aborts", async () => {
    const changed = new Pulse().next();
    expect(await changedWithin(changed, { ms: 1, signal: never })).toBe(false);
    const leaving = new AbortController();
    const wait = changedWithin(changed, { ms: hour, signal: leaving.signal });
    leaving.abort();
    expect(await wait).toBe(false);
    expect(await changedWithin(changed, { ms: hour, signal: leaving.signal })).toBe(false);
  });

  it("keeps nobody who has left, though the change never comes", async () => {
    const pulse = new Pulse();
    const callers = await Promise.all([1, 2, 3].map(() => leftCaller(pulse.next())));
    await setImmediate();
    collectGarbage();
    expect(callers.map((caller) => caller.deref())).toEqual([undefined, undefined, undefined]);
    pulse.wake();
  });
});

/** A caller that waited and left. */
async function leftCaller(changed: Promise<void>): Promise<WeakRef<AbortSignal>> {
  const leaving = new AbortController();
  const wait = changedWithin(changed, { ms: hour, signal: leaving.signal });
  leaving.abort();
  await wait;
  return new WeakRef(leaving.signal);
}
