import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { type Call, type CallLimits, Calls, type CallsOptions } from "../../../src/fleet/calls/calls.ts";
import { type Permit, Permits } from "../../../src/fleet/calls/permits.ts";
import type { ServerFailure } from "../../../src/fleet/state/server-failure.ts";
import { Session } from "../../../src/mcp/session.ts";
import { aCaller } from "../a-caller.ts";

const session = new Session({
  clientInfo: { name: "test", version: "0" },
  listener: { stderr() {}, strayLine() {}, logMessage() {}, unclaimedReply() {}, remark() {}, attachmentEnded() {} },
  firstId: 1,
  limits: { maxLineBytes: 1000, maxQueuedChars: 1000 },
});
const failed = new ManagerError("not_running", "server fs failed", {
  details: { reason: "SERVER_FAILED", delivery: "not_sent" },
});
const down = {
  kind: "not_found",
  message: "the image is gone",
  details: { reason: "IMAGE_UNAVAILABLE", delivery: "answered", exitCode: 3, stderrTail: "bye" },
  timeMs: 0,
} as const;
const deadline = new ManagerError("deadline", "too late", {
  details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
});
const cancelled = new ManagerError("cancelled", "the caller left", {
  details: { reason: "CANCELLED", delivery: "sent" },
});

const echo = { chars: 0, caller: aCaller, signal: undefined, work: async (permit: Permit) => permit.session };
const permits = new Permits(() => "i-1");

/** Calls into a server that is what the test says: nothing yet, at first. */
function open(
  options: Partial<CallLimits & Pick<CallsOptions, "maxQueuedChars">> & { failure?: ServerFailure } = {},
  now?: Session | ManagerError,
) {
  const { maxQueuedChars = 1_000_000, failure, ...given } = options;
  let current = now;
  let limits = { maxInFlight: 100, maxQueued: 100, ...given };
  const calls = new Calls("fs", {
    refusal: () => (current instanceof ManagerError ? current : undefined),
    take: () => (current instanceof Session ? permits.take(current) : undefined),
    limits: () => limits,
    doing: () => ({ state: "backing_off", failure }),
    maxQueuedChars,
  });
  const is = (next: Session | ManagerError | undefined) => {
    current = next;
    calls.wake();
  };
  /** The server comes to have these limits. */
  const limit = (next: CallLimits) => {
    limits = next;
    calls.wake();
  };
  return { calls, readiness: { is }, limit };
}

describe("Calls", () => {
  it("does the work at once when there is a session", async () => {
    const { calls } = open({}, session);
    const work = Promise.withResolvers<string>();
    const done = calls.run({ ...echo, work: () => work.promise });
    expect([calls.inFlight, calls.queued]).toEqual([1, 0]);
    work.resolve("done");
    expect(await done).toBe("done");
    expect(calls.inFlight).toBe(0);
  });

  it("throws at once why there will be no session", async () => {
    const { calls } = open({}, failed);
    await expect(calls.run(echo)).rejects.toBe(failed);
    expect([calls.inFlight, calls.queued]).toEqual([0, 0]);
  });

  it("lets calls wait until the server is ready", async () => {
    const { calls, readiness } = open();
    const waiting = [calls.run(echo), calls.run(echo)];
    expect([calls.inFlight, calls.queued]).toEqual([0, 2]);
    readiness.is(session);
    expect(await Promise.all(waiting)).toEqual([session, session]);
    expect(calls.queued).toBe(0);
  });

  it("gives the next session what the one before lost unsent, and nothing that it may have got", async () => {
    const { calls, readiness } = open({}, session);
    const lost = (delivery: "not_sent" | "sent") =>
      new ManagerError("unavailable", "lost", { details: { reason: "ATTACHMENT_LOST", delivery } });
    let tries = 0;
    const unsent = calls.run({
      ...echo,
      work: async () => {
        tries += 1;
        if (tries > 1) return "done";
        readiness.is(undefined);
        throw lost("not_sent");
      },
    });
    await expect.poll(() => calls.queued).toBe(1);
    readiness.is(session);
    expect(await unsent).toBe("done");
    const sent = calls.run({ ...echo, work: () => Promise.reject(lost("sent")) });
    await expect(sent).rejects.toMatchObject({ details: { delivery: "sent" } });
    expect([calls.inFlight, calls.queued]).toEqual([0, 0]);
  });

  it("fails waiting calls when the server will not be ready", async () => {
    const { calls, readiness } = open();
    const waiting = calls.run(echo);
    readiness.is(failed);
    await expect(waiting).rejects.toBe(failed);
    expect([calls.inFlight, calls.queued]).toEqual([0, 0]);
  });

  it("says of a deadline while waiting that the call was never sent and may be repeated", async () => {
    const { calls } = open();
    const controller = new AbortController();
    const waiting = calls.run({ ...echo, signal: controller.signal });
    controller.abort(deadline);
    await expect(waiting).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "SERVER_NOT_READY", server: "fs", delivery: "not_sent", retryAfterMs: 1000 },
    });
    expect(calls.queued).toBe(0);
  });

  it("says of a deadline while waiting why the server is down", async () => {
    const { calls } = open({ maxQueued: 1, failure: down });
    const controller = new AbortController();
    const waiting = calls.run({ ...echo, signal: controller.signal });
    await expect(calls.run(echo)).rejects.toMatchObject({
      message: expect.stringMatching(/max_queued is 1.*while it is down: the image is gone; try again later$/),
      details: { reason: "QUEUE_FULL", failureReason: "IMAGE_UNAVAILABLE", exitCode: 3, delivery: "not_sent" },
    });
    controller.abort(deadline);
    await expect(waiting).rejects.toMatchObject({
      kind: "unavailable",
      message: "server fs was not ready before the call's deadline; it is backing off: the image is gone",
      details: {
        reason: "SERVER_NOT_READY",
        failureReason: "IMAGE_UNAVAILABLE",
        exitCode: 3,
        stderrTail: "bye",
        server: "fs",
        delivery: "not_sent",
      },
    });
  });

  it("says of a cancel while waiting that the call was never sent", async () => {
    const { calls } = open();
    const controller = new AbortController();
    const waiting = calls.run({ ...echo, signal: controller.signal });
    controller.abort(cancelled);
    await expect(waiting).rejects.toMatchObject({
      kind: "cancelled",
      details: { reason: "CANCELLED", server: "fs", delivery: "not_sent" },
    });
  });

  it("does not wait with a signal that has aborted already", async () => {
    const { calls } = open();
    await expect(calls.run({ ...echo, signal: AbortSignal.abort(deadline) })).rejects.toMatchObject({
      kind: "unavailable",
    });
    expect(calls.queued).toBe(0);
  });

  it("leaves no listener on the signal of a call that waited", async () => {
    const { calls, readiness } = open();
    const { signal } = new AbortController();
    const waiting = [calls.run({ ...echo, signal }), calls.run({ ...echo, signal })];
    expect(getEventListeners(signal, "abort")).toHaveLength(2);
    readiness.is(session);
    await Promise.all(waiting);
    readiness.is(undefined);
    const refused = calls.run({ ...echo, signal });
    readiness.is(failed);
    await expect(refused).rejects.toBe(failed);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("is idle when no call is under way, failed ones included", async () => {
    const { calls } = open({}, session);
    await calls.idle();
    const work = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const done = work.map(({ promise }) => calls.run({ ...echo, work: () => promise }));
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
    const { calls, readiness } = open({ maxQueuedChars: 10_000 });
    const waiting = calls.run({ ...echo, chars: 8000 });
    await expect(calls.run({ ...echo, chars: 8000 })).rejects.toMatchObject({
      kind: "too_much",
      details: { reason: "QUEUE_FULL", delivery: "not_sent", retryAfterMs: 1000 },
    });
    readiness.is(session);
    expect(await waiting).toBe(session);
    readiness.is(undefined);
    const next = calls.run({ ...echo, chars: 8000 });
    readiness.is(session);
    expect(await next).toBe(session);
  });
});

/** Calls of the same first letter are one caller's. */
const lanes = new Map<string | undefined, object>();
function laneOf([caller]: string): object {
  const lane = lanes.get(caller) ?? {};
  lanes.set(caller, lane);
  return lane;
}

/** Starts calls that end when the test says; `begun` names them in the order of their start. */
function heldCalls(calls: Calls) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, options: Partial<Call<void>> = {}) => {
    const done = Promise.withResolvers<void>();
    ends.set(name, done.resolve);
    const work = () => {
      begun.push(name);
      return done.promise;
    };
    return calls.run({ ...echo, caller: { ...aCaller, lane: laneOf(name) }, ...options, work });
  };
  return { begun, run, end: (name: string) => ends.get(name)?.() };
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Calls beyond max_in_flight", () => {
  it("wait, and start when one before them ends", async () => {
    const { calls } = open({ maxInFlight: 2 }, session);
    const held = heldCalls(calls);
    const ended = ["a1", "a2", "a3"].map((name) => held.run(name));
    expect([calls.inFlight, calls.queued]).toEqual([2, 1]);
    held.end("a2");
    await ended[1];
    await nextTurn();
    expect(held.begun).toEqual(["a1", "a2", "a3"]);
    expect([calls.inFlight, calls.queued]).toEqual([2, 0]);
  });

  it("start when more are allowed, and wait when fewer are", async () => {
    const { calls, limit } = open({ maxInFlight: 1 }, session);
    const held = heldCalls(calls);
    const ended = ["a1", "a2", "a3"].map((name) => held.run(name));
    limit({ maxInFlight: 2, maxQueued: 1 });
    await nextTurn();
    expect(held.begun).toEqual(["a1", "a2"]);
    await expect(held.run("a4")).rejects.toMatchObject({ details: { reason: "QUEUE_FULL" } });
    limit({ maxInFlight: 1, maxQueued: 1 });
    held.end("a1");
    await ended[0];
    await nextTurn();
    expect(held.begun).toEqual(["a1", "a2"]);
    held.end("a2");
    await ended[1];
    await nextTurn();
    expect(held.begun).toEqual(["a1", "a2", "a3"]);
  });

  it("take turns by caller: a thousand of one delay another's by one", async () => {
    const { calls } = open({ maxInFlight: 1, maxQueued: 2000, maxQueuedChars: 1e9 }, session);
    const held = heldCalls(calls);
    for (let count = 1; count <= 1000; count += 1) void held.run(`a${count}`);
    void held.run("b1");
    for (const name of ["a1", "a2"]) {
      held.end(name);
      await nextTurn();
    }
    expect(held.begun).toEqual(["a1", "a2", "b1"]);
  });

  it("do not pass those that wait already", async () => {
    const { calls } = open({ maxInFlight: 1 }, session);
    const held = heldCalls(calls);
    const first = held.run("a1");
    void held.run("a2");
    held.end("a1");
    // In the very turn in which the first one ends.
    const last = first.then(() => void held.run("b1"));
    await last;
    await nextTurn();
    expect(held.begun).toEqual(["a1", "a2"]);
  });

  it("are refused at once when as many wait as may", async () => {
    const { calls } = open({ maxInFlight: 1, maxQueued: 1 }, session);
    const held = heldCalls(calls);
    void held.run("a1");
    void held.run("a2");
    const full = {
      kind: "too_much",
      message: expect.stringContaining("max_queued is 1"),
      details: { reason: "QUEUE_FULL", server: "fs", delivery: "not_sent", retryAfterMs: 1000 },
    };
    await expect(held.run("b1")).rejects.toMatchObject(full);
    expect([calls.inFlight, calls.queued]).toEqual([1, 1]);
  });

  it("count towards the same bound while the server is not ready", async () => {
    const { calls, readiness } = open({ maxInFlight: 1, maxQueued: 2 });
    const held = heldCalls(calls);
    for (const name of ["a1", "a2"]) void held.run(name);
    await expect(held.run("a3")).rejects.toMatchObject({ details: { reason: "QUEUE_FULL" } });
    readiness.is(session);
    expect([calls.inFlight, calls.queued]).toEqual([1, 1]);
  });

  it("leave the queue at their deadline, which says that the server was busy", async () => {
    const { calls } = open({ maxInFlight: 1 }, session);
    const held = heldCalls(calls);
    void held.run("a1");
    const controller = new AbortController();
    const late = held.run("a2", { signal: controller.signal });
    controller.abort(deadline);
    expect(calls.queued).toBe(0);
    await expect(late).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "SERVER_BUSY", server: "fs", delivery: "not_sent", retryAfterMs: 1000 },
    });
    held.end("a1");
    await nextTurn();
    expect(held.begun).toEqual(["a1"]);
    expect(calls.inFlight).toBe(0);
  });

  it("wait on when the server is not ready any more, and fail when it will not be", async () => {
    const { calls, readiness } = open({ maxInFlight: 1 }, session);
    const held = heldCalls(calls);
    void held.run("a1");
    const second = held.run("a2");
    readiness.is(undefined);
    held.end("a1");
    await nextTurn();
    expect([calls.inFlight, calls.queued]).toEqual([0, 1]);
    readiness.is(failed);
    await expect(second).rejects.toBe(failed);
  });

  it("keep a drain waiting only while they are under way", async () => {
    const { calls, readiness } = open({ maxInFlight: 1 }, session);
    const held = heldCalls(calls);
    void held.run("a1");
    const queued = held.run("a2");
    readiness.is(failed);
    await expect(queued).rejects.toBe(failed);
    const idle = calls.idle();
    held.end("a1");
    await idle;
  });
});
