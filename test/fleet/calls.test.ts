import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { ManagerError } from "../../src/errors.ts";
import { Calls } from "../../src/fleet/calls.ts";
import { Session } from "../../src/mcp/session.ts";

const session = new Session({
  clientInfo: { name: "test", version: "0" },
  listener: { stderr() {}, strayLine() {}, logMessage() {}, attachmentEnded() {} },
  firstId: 1,
  maxLineBytes: 1000,
  maxQueuedChars: 1000,
});
const failed = new ManagerError("not_running", "server fs failed", { details: { reason: "SERVER_FAILED" } });
const deadline = new ManagerError("deadline", "too late", { details: { reason: "DEADLINE_EXCEEDED" } });
const cancelled = new ManagerError("cancelled", "the caller left", { details: { reason: "CANCELLED" } });

const echo = { chars: 0, signal: undefined, work: async (given: Session) => given };

describe("Calls", () => {
  it("does the work at once when there is a session", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    const work = Promise.withResolvers<string>();
    const done = calls.run(session, { chars: 0, signal: undefined, work: () => work.promise });
    expect([calls.inFlight, calls.queued]).toEqual([1, 0]);
    work.resolve("done");
    expect(await done).toBe("done");
    expect(calls.inFlight).toBe(0);
  });

  it("throws at once why there will be no session", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    await expect(calls.run(failed, echo)).rejects.toBe(failed);
    expect([calls.inFlight, calls.queued]).toEqual([0, 0]);
  });

  it("lets calls wait until the server is ready", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    const waiting = [calls.run(undefined, echo), calls.run(undefined, echo)];
    expect([calls.inFlight, calls.queued]).toEqual([0, 2]);
    calls.settleWaiting(session);
    expect(await Promise.all(waiting)).toEqual([session, session]);
    expect(calls.queued).toBe(0);
  });

  it("fails waiting calls when the server will not be ready", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    const waiting = calls.run(undefined, echo);
    calls.settleWaiting(failed);
    await expect(waiting).rejects.toBe(failed);
    expect([calls.inFlight, calls.queued]).toEqual([0, 0]);
  });

  it("says of a deadline while waiting that the call was never sent and may be repeated", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    const controller = new AbortController();
    const waiting = calls.run(undefined, { ...echo, signal: controller.signal });
    controller.abort(deadline);
    await expect(waiting).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "SERVER_NOT_READY", server: "fs", delivery: "not_sent", retryAfterMs: 1000 },
    });
    expect(calls.queued).toBe(0);
  });

  it("says of a cancel while waiting that the call was never sent", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    const controller = new AbortController();
    const waiting = calls.run(undefined, { ...echo, signal: controller.signal });
    controller.abort(cancelled);
    await expect(waiting).rejects.toMatchObject({
      kind: "cancelled",
      details: { reason: "CANCELLED", server: "fs", delivery: "not_sent" },
    });
  });

  it("does not wait with a signal that has aborted already", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    await expect(calls.run(undefined, { ...echo, signal: AbortSignal.abort(deadline) })).rejects.toMatchObject({
      kind: "unavailable",
    });
    expect(calls.queued).toBe(0);
  });

  it("leaves no listener on the signal of a call that waited", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    const { signal } = new AbortController();
    const waiting = [calls.run(undefined, { ...echo, signal }), calls.run(undefined, { ...echo, signal })];
    expect(getEventListeners(signal, "abort")).toHaveLength(2);
    calls.settleWaiting(session);
    await Promise.all(waiting);
    const refused = calls.run(undefined, { ...echo, signal });
    calls.settleWaiting(failed);
    await expect(refused).rejects.toBe(failed);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("is idle when no call is under way, failed ones included", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 1_000_000 });
    await calls.idle();
    const work = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const done = work.map(({ promise }) => calls.run(session, { chars: 0, signal: undefined, work: () => promise }));
    const seen: string[] = [];
    const idle = [calls.idle(), calls.idle()].map((promise) => promise.then(() => seen.push("idle")));
    work[0]?.resolve();
    await done[0];
    expect(seen).toEqual([]);
    work[1]?.reject(new Error("it failed"));
    await expect(done[1]).rejects.toThrow("it failed");
    await Promise.all(idle);
    expect(seen).toEqual(["idle", "idle"]);
    await calls.idle();
  });

  it("refuses a call at once when too much waits already", async () => {
    const calls = new Calls("fs", { maxWaitingChars: 10_000 });
    const waiting = calls.run(undefined, { ...echo, chars: 8000 });
    await expect(calls.run(undefined, { ...echo, chars: 8000 })).rejects.toMatchObject({
      kind: "too_much",
      details: { reason: "QUEUE_FULL", delivery: "not_sent", retryAfterMs: 1000 },
    });
    calls.settleWaiting(session);
    expect(await waiting).toBe(session);
    const next = calls.run(undefined, { ...echo, chars: 8000 });
    calls.settleWaiting(session);
    expect(await next).toBe(session);
  });
});
