import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { CheckThread, type CheckThreadOptions } from "../../../../src/fleet/tools/argument-check/check-thread.ts";

const strings = JSON.stringify({ additionalProperties: { type: "string" } });
/** Takes 2^n steps on n letters "a" and one that is none. */
const hostile = JSON.stringify({ properties: { a: { pattern: "^(a+)+$" } } });
const forHours = { schemaJson: hostile, argumentsJson: JSON.stringify({ a: `${"a".repeat(60)}!` }) };
const good = { schemaJson: strings, argumentsJson: '{"a":"b"}' };
const bad = { schemaJson: strings, argumentsJson: '{"a":1}' };

const slow = { kind: "too_much", details: { reason: "SCHEMA_TOO_SLOW", delivery: "not_sent" } };

async function withThread(options: CheckThreadOptions, work: (thread: CheckThread) => Promise<void>): Promise<void> {
  await using thread = new CheckThread(options);
  await work(thread);
}

describe("CheckThread", () => {
  it("has no thread until something is to be checked, and none when it is disposed", async () => {
    const thread = new CheckThread();
    expect(thread.running).toBe(false);
    expect(await thread.run(good, { lane: "a" })).toEqual({ kind: "accepted" });
    expect(await thread.run(bad, { lane: "a" })).toMatchObject({ kind: "rejected" });
    expect(thread.running).toBe(true);
    await thread[Symbol.asyncDispose]();
    expect(thread.running).toBe(false);
    await expect(thread.run(good, { lane: "a" })).rejects.toMatchObject({ details: { reason: "MANAGER_STOPPING" } });
  });

  it("ends a check that takes too long, and does those after it on another thread", () =>
    withThread({}, async (thread) => {
      const outcomes = await Promise.allSettled([forHours, good, bad].map((input) => thread.run(input, { lane: "a" })));
      expect(outcomes).toMatchObject([
        { status: "rejected", reason: slow },
        { status: "fulfilled", value: { kind: "accepted" } },
        { status: "fulfilled", value: { kind: "rejected" } },
      ]);
    }));

  it("lets a server with slow checks make only its own wait", () =>
    withThread({}, async (thread) => {
      const slowOnes = Array.from({ length: 4 }, () => thread.run(forHours, { lane: "slow" }));
      const left: boolean[] = slowOnes.map(() => true);
      for (const [index, check] of slowOnes.entries()) {
        check.catch(() => {
          left[index] = false;
        });
      }
      expect(await thread.run(good, { lane: "other" })).toEqual({ kind: "accepted" });
      expect(left).toEqual([false, true, true, true]);
    }));

  it("ends a check that takes too much memory, and goes on", () =>
    withThread({ limitMb: 16, limitMs: 20_000 }, async (thread) => {
      const argumentsJson = `{"a":[${"[],".repeat(1_000_000)}[]]}`;
      const large = thread.run({ schemaJson: "{}", argumentsJson }, { lane: "a" });
      const next = thread.run(good, { lane: "a" });
      await expect(large).rejects.toMatchObject({
        kind: "too_much",
        details: { reason: "SCHEMA_TOO_LARGE", delivery: "not_sent" },
      });
      expect(await next).toEqual({ kind: "accepted" });
    }));

  it("refuses what its queue does not hold, of one server before all", () =>
    withThread({ maxWaiting: 3, maxWaitingInLane: 2 }, async (thread) => {
      const waiting = ["a", "a", "b"].map((lane) => thread.run(good, { lane }));
      const full = { kind: "too_much", details: { reason: "QUEUE_FULL", delivery: "not_sent" } };
      await expect(thread.run(good, { lane: "c" })).rejects.toMatchObject({ ...full, message: /in all/ });
      await Promise.all(waiting);
      const again = ["a", "a"].map((lane) => thread.run(good, { lane }));
      // The first is with the thread, which is there by now.
      again.push(thread.run(good, { lane: "a" }));
      await expect(thread.run(good, { lane: "a" })).rejects.toMatchObject({ ...full, message: /of server a/ });
      expect(await Promise.all(again)).toHaveLength(3);
    }));

  it("lets a caller leave, waiting or not, and does no check that nobody waits for", () =>
    withThread({ maxWaitingInLane: 2 }, async (thread) => {
      const leaving = new AbortController();
      const left = [forHours, good].map((input) => thread.run(input, { lane: "a", signal: leaving.signal }));
      leaving.abort("gone");
      expect(await Promise.allSettled(left)).toEqual(Array(2).fill({ status: "rejected", reason: "gone" }));
      expect(getEventListeners(leaving.signal, "abort")).toEqual([]);
      const next = [1, 2].map(() => thread.run(good, { lane: "a" }));
      expect(await Promise.all(next)).toHaveLength(2);
    }));

  it("fails what waits and what is under way when the manager ends", async () => {
    const thread = new CheckThread();
    const checks = Promise.allSettled([forHours, good].map((input) => thread.run(input, { lane: "a" })));
    await thread[Symbol.asyncDispose]();
    const closing = { kind: "unavailable", details: { reason: "MANAGER_STOPPING", delivery: "not_sent" } };
    expect(await checks).toMatchObject([{ reason: closing }, { reason: closing }]);
  });
});
