import { getEventListeners } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { ManagerError } from "../../src/errors.ts";
import { Calls } from "../../src/fleet/calls.ts";
import { type Seat, Seats } from "../../src/fleet/seats.ts";
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

const echo = { chars: 0, signal: undefined, work: async (seat: Seat) => seat.session };

/** What the server is like now: its session, why there will be none, or undefined: it comes up. */
let server: Session | ManagerError | undefined;
beforeEach(() => {
  server = undefined;
});

const seats = new Seats(() => "i-1");

function callsOf(maxWaitingChars = 1_000_000): Calls {
  return new Calls("fs", { maxWaitingChars, take: () => (server instanceof Session ? seats.take(server) : server) });
}

/** The server becomes like this for those that wait, and then comes up again. */
function settle(calls: Calls, outcome: Session | ManagerError): void {
  server = outcome;
  calls.seatWaiting();
  server = undefined;
}

describe("Calls", () => {
  it("does the work at once when there is a session", async () => {
    server = session;
    const calls = callsOf();
    const work = Promise.withResolvers<string>();
    const done = calls.run({ chars: 0, signal: undefined, work: () => work.promise });
    expect([calls.inFlight, calls.queued]).toEqual([1, 0]);
    work.resolve("done");
    expect(await done).toBe("done");
    expect(calls.inFlight).toBe(0);
  });

  it("throws at once why there will be no session", async () => {
    server = failed;
    const calls = callsOf();
    await expect(calls.run(echo)).rejects.toBe(failed);
    expect([calls.inFlight, calls.queued]).toEqual([0, 0]);
  });

  it("lets calls wait until the server is ready", async () => {
    const calls = callsOf();
    const waiting = [calls.run(echo), calls.run(echo)];
    expect([calls.inFlight, calls.queued]).toEqual([0, 2]);
    settle(calls, session);
    expect(await Promise.all(waiting)).toEqual([session, session]);
    expect(calls.queued).toBe(0);
  });

  it("fails waiting calls when the server will not be ready", async () => {
    const calls = callsOf();
    const waiting = calls.run(echo);
    settle(calls, failed);
    await expect(waiting).rejects.toBe(failed);
    expect([calls.inFlight, calls.queued]).toEqual([0, 0]);
  });

  it("says of a deadline while waiting that the call was never sent and may be repeated", async () => {
    const calls = callsOf();
    const controller = new AbortController();
    const waiting = calls.run({ ...echo, signal: controller.signal });
    controller.abort(deadline);
    await expect(waiting).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "SERVER_NOT_READY", server: "fs", delivery: "not_sent", retryAfterMs: 1000 },
    });
    expect(calls.queued).toBe(0);
  });

  it("says of a cancel while waiting that the call was never sent", async () => {
    const calls = callsOf();
    const controller = new AbortController();
    const waiting = calls.run({ ...echo, signal: controller.signal });
    controller.abort(cancelled);
    await expect(waiting).rejects.toMatchObject({
      kind: "cancelled",
      details: { reason: "CANCELLED", server: "fs", delivery: "not_sent" },
    });
  });

  it("does not wait with a signal that has aborted already", async () => {
    const calls = callsOf();
    await expect(calls.run({ ...echo, signal: AbortSignal.abort(deadline) })).rejects.toMatchObject({
      kind: "unavailable",
    });
    expect(calls.queued).toBe(0);
  });

  it("leaves no listener on the signal of a call that waited", async () => {
    const calls = callsOf();
    const { signal } = new AbortController();
    const waiting = [calls.run({ ...echo, signal }), calls.run({ ...echo, signal })];
    expect(getEventListeners(signal, "abort")).toHaveLength(2);
    settle(calls, session);
    await Promise.all(waiting);
    const refused = calls.run({ ...echo, signal });
    settle(calls, failed);
    await expect(refused).rejects.toBe(failed);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("is idle when no call is under way, failed ones included", async () => {
    server = session;
    const calls = callsOf();
    await calls.idle();
    const work = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const done = work.map(({ promise }) => calls.run({ chars: 0, signal: undefined, work: () => promise }));
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
    const calls = callsOf(10_000);
    const waiting = calls.run({ ...echo, chars: 8000 });
    await expect(calls.run({ ...echo, chars: 8000 })).rejects.toMatchObject({
      kind: "too_much",
      details: { reason: "QUEUE_FULL", delivery: "not_sent", retryAfterMs: 1000 },
    });
    settle(calls, session);
    expect(await waiting).toBe(session);
    const next = calls.run({ ...echo, chars: 8000 });
    settle(calls, session);
    expect(await next).toBe(session);
  });
});
