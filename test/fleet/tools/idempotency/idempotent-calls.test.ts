import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { type ErrorKind, ManagerError } from "../../../../src/base/errors/errors.ts";
import {
  IdempotentCalls,
  type IdempotentCallsOptions,
  type KeyedCall,
} from "../../../../src/fleet/tools/idempotency/idempotent-calls.ts";
import type { CallResult } from "../../../../src/fleet/tools/idempotency/outcome.ts";

const resultOf = (json: string): CallResult => ({
  result: { json, isError: false, kind: "complete" },
  instance: "i-1",
});
const error = (kind: ErrorKind, delivery: "not_sent" | "sent" | "answered") =>
  new ManagerError(kind, "it failed", { details: { reason: "SERVER_EXITED", delivery, exitCode: 3, instance: "i-1" } });
const deadline = new ManagerError("deadline", "too late", {
  details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
});

/** Calls, a clock that a test moves, and the tries to call the tool, which a test ends. */
function open(options: Partial<IdempotentCallsOptions> = {}) {
  let nowMs = 0;
  const calls = new IdempotentCalls({ elapsedMs: () => nowMs, windowMs: 1000, ...options });
  const tries: (PromiseWithResolvers<CallResult> & { signal: AbortSignal })[] = [];
  const call = (change: Partial<KeyedCall> = {}) =>
    calls.run({ scope: ["", "fs", "write"], key: "k", digest: "d", ...change }, (signal) => {
      const one = { ...Promise.withResolvers<CallResult>(), signal };
      tries.push(one);
      return one.promise;
    });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { calls, call, tries, pass, begun: (count: number) => expect.poll(() => tries.length).toBe(count) };
}

describe("A call under a key", () => {
  it("is made once, and answered to whoever sends it again", async () => {
    const { call, tries, begun } = open();
    const first = call();
    await begun(1);
    tries[0]?.resolve(resultOf("{}"));
    expect(await first).toEqual(resultOf("{}"));
    expect(await call()).toEqual(resultOf("{}"));
    expect(tries).toHaveLength(1);
  });

  it.each([
    ["server", { scope: ["", "other", "write"] as const }],
    ["tool", { scope: ["", "fs", "other"] as const }],
    ["caller", { scope: ["me", "fs", "write"] as const }],
    ["key", { key: "other" }],
    ["place of the comma", { scope: ["", "fs,write", ""] as const }],
  ])("is another call with another %s", async (_what, change) => {
    const { call, begun } = open();
    void call();
    void call(change);
    await begun(2);
  });

  it("is refused with another input, whether it is under way or has ended", async () => {
    const { call, tries, begun } = open();
    const reused = {
      kind: "invalid",
      details: {
        reason: "IDEMPOTENCY_KEY_REUSED",
        delivery: "not_sent",
        violations: [{ field: "idempotency_key" }],
      },
    };
    const first = call();
    await expect(call({ digest: "other" })).rejects.toMatchObject(reused);
    await begun(1);
    tries[0]?.resolve(resultOf("{}"));
    await first;
    await expect(call({ digest: "other" })).rejects.toMatchObject(reused);
    expect(tries).toHaveLength(1);
  });

  it("is joined while it is under way, each caller leaving by a signal of its own", async () => {
    const { call, tries, begun } = open();
    const leaving = new AbortController();
    const left = call({ signal: leaving.signal });
    const staying = new AbortController();
    const stays = call({ signal: staying.signal });
    await begun(1);
    leaving.abort(deadline);
    await expect(left).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    expect(tries[0]?.signal.aborted).toBe(false);
    tries[0]?.resolve(resultOf("{}"));
    expect(await stays).toEqual(resultOf("{}"));
    expect(getEventListeners(staying.signal, "abort")).toEqual([]);
  });

  it("is cancelled when the last caller leaves, with that one's reason, and remembered as abandoned", async () => {
    const { call, tries, begun } = open();
    const leaving = new AbortController();
    const left = call({ signal: leaving.signal });
    await begun(1);
    leaving.abort(deadline);
    expect(tries[0]?.signal.reason).toBe(deadline);
    const late = call();
    tries[0]?.reject(deadline.with({ delivery: "sent", instance: "i-1" }));
    await expect(left).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    const abandoned = { kind: "call_lost", details: { reason: "CALL_ABANDONED", delivery: "sent", instance: "i-1" } };
    await expect(late).rejects.toMatchObject(abandoned);
    await expect(call()).rejects.toMatchObject(abandoned);
    expect(tries).toHaveLength(1);
  });

  it("is made again by who came after the last caller left, if it was not sent", async () => {
    const { call, tries, begun } = open();
    const leaving = new AbortController();
    const left = call({ signal: leaving.signal });
    await begun(1);
    leaving.abort(deadline);
    const late = call();
    tries[0]?.reject(deadline.with({ delivery: "not_sent" }));
    await expect(left).rejects.toMatchObject({ details: { delivery: "not_sent" } });
    await begun(2);
    tries[1]?.resolve(resultOf("{}"));
    expect(await late).toEqual(resultOf("{}"));
  });

  it("frees a caller who waits for one that was given up", async () => {
    const { call, tries, begun } = open();
    const [leaving, waiting] = [new AbortController(), new AbortController()];
    const left = call({ signal: leaving.signal });
    await begun(1);
    leaving.abort(deadline);
    const late = call({ signal: waiting.signal });
    waiting.abort(deadline);
    await expect(late).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    tries[0]?.resolve(resultOf("{}"));
    // Its result came nevertheless, and is the truth.
    expect(await left).toEqual(resultOf("{}"));
    expect(await call()).toEqual(resultOf("{}"));
  });

  it.each([
    ["lost", error("call_lost", "sent")],
    ["answered with an error", error("invalid", "answered")],
    ["ended by a bug", error("internal", "sent")],
  ])("that was %s is answered again with the same kind, reason and details", async (_what, failure) => {
    const { call, tries, begun } = open();
    const first = call();
    await begun(1);
    tries[0]?.reject(failure);
    for (const one of [first, call()]) {
      const { kind, message, details } = failure;
      await expect(one).rejects.toMatchObject({ kind, message, details });
    }
    expect(tries).toHaveLength(1);
  });

  it("that was not sent is forgotten: the next caller tries anew, also after an error that does not say", async () => {
    const { call, tries, begun } = open();
    for (const failure of [
      error("unavailable", "not_sent"),
      new ManagerError("invalid", "bad", { details: { reason: "INVALID_REQUEST", delivery: "not_sent" } }),
    ]) {
      const failed = call();
      await begun(tries.length + 1);
      tries.at(-1)?.reject(failure);
      await expect(failed).rejects.toMatchObject({ kind: failure.kind });
    }
    const next = call({ digest: "another input" });
    await begun(3);
    tries[2]?.resolve(resultOf("{}"));
    expect(await next).toEqual(resultOf("{}"));
  });

  it("is forgotten when its time is over, counted from its end", async () => {
    const { call, tries, pass, begun } = open();
    const first = call();
    pass(5000);
    await begun(1);
    tries[0]?.resolve(resultOf("1"));
    await first;
    pass(999);
    expect(await call()).toEqual(resultOf("1"));
    pass(1);
    const again = call();
    await begun(2);
    tries[1]?.resolve(resultOf("2"));
    expect(await again).toEqual(resultOf("2"));
  });

  it.each([
    ["answered", (one: PromiseWithResolvers<CallResult>) => one.resolve(resultOf("x".repeat(1000)))],
    ["sent", (one: PromiseWithResolvers<CallResult>) => one.reject(error("call_lost", "sent"))],
  ] as const)("whose outcome had to make room is refused, %s, and not made again", async (delivery, end) => {
    const { call, tries, begun } = open({ maxBytes: 1500 });
    const [first, second] = [call(), call({ key: "other" })];
    await begun(2);
    const ends = Promise.allSettled([first, second]);
    for (const one of tries) end(one);
    await ends;
    await expect(call()).rejects.toMatchObject({
      kind: "not_running",
      details: { reason: "IDEMPOTENCY_RESULT_EVICTED", delivery },
    });
    await expect(call({ digest: "other" })).rejects.toMatchObject({ details: { reason: "IDEMPOTENCY_KEY_REUSED" } });
    expect(tries).toHaveLength(2);
  });

  it("is refused when there are too many keys, until one is forgotten; none is before its time", async () => {
    const { calls, call, tries, pass, begun } = open({ maxKeys: 2 });
    const [first, second] = [call(), call({ key: "b" })];
    await begun(2);
    tries[0]?.resolve(resultOf("{}"));
    await first;
    pass(400);
    await expect(call({ key: "c" })).rejects.toMatchObject({
      kind: "too_much",
      details: { reason: "IDEMPOTENCY_KEYS_FULL", delivery: "not_sent", retryAfterMs: 600 },
    });
    expect(await call()).toEqual(resultOf("{}"));
    pass(600);
    void call({ key: "c" });
    await begun(3);
    tries[1]?.resolve(resultOf("{}"));
    await second;
    expect(calls.size).toMatchObject({ underWay: 1, ended: 1 });
  });
});
