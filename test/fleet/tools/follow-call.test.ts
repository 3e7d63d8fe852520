import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { AbortSource } from "../../../src/base/async/abort-source.ts";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { LogRing } from "../../../src/fleet/logs/log-ring.ts";
import { type CallReading, followCall } from "../../../src/fleet/tools/follow-call.ts";
import type { ToolCalls } from "../../../src/fleet/tools/tool-calls.ts";
import { scriptedSession } from "../../mcp/scripted-session.ts";
import { aCaller } from "../a-caller.ts";

const hour = 3_600_000;
const failure = new ManagerError("too_much", "full", { details: { reason: "QUEUE_FULL", delivery: "not_sent" } });
const deadline = new ManagerError("deadline", "too late", {
  details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
});

/** A followed call into a fleet that gives it a session when `permit` resolves; its server is the test. */
function open({ heartbeatMs = hour, permit = Promise.resolve(), fails = undefined as ManagerError | undefined } = {}) {
  const clock = { ms: 1000 };
  const ring = new LogRing({ maxBytes: 1_000_000, now: () => clock.ms });
  const { session, sent } = scriptedSession(() => undefined);
  const caller = new AbortController();
  const calls: (AbortSource | undefined)[] = [];
  const toolCalls: Pick<ToolCalls, "call"> = {
    async call(_server, call, { signal, feed }) {
      calls.push(signal);
      if (fails !== undefined) throw fails;
      await permit;
      feed?.begin("i-1");
      return { result: await session.callTool(call, { signal, events: feed }), instance: "i-1" };
    },
  };
  const readings = followCall({ toolCalls, fleet: { log: () => ring } }, "s", {
    call: { tool: "t" },
    signal: caller.signal,
    callerHasDeadline: true,
    caller: aCaller,
    heartbeatMs,
    now: () => clock.ms,
    elapsedMs: () => clock.ms,
  });
  const write = (...lines: string[]) => session.sink.stdout(Buffer.from(`${lines.join("\n")}\n`));
  return { clock, caller, calls, readings, sent, write };
}

const progress = (step: number) =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":${step}}}`;
const result = '{"jsonrpc":"2.0","id":5,"result":{"content":[]}}';

const next = async (readings: AsyncGenerator<CallReading>) => (await readings.next()).value as CallReading;
const kindOf = async (readings: AsyncGenerator<CallReading>) => (await next(readings)).kind;

describe("followCall", () => {
  it("begins with a heartbeat at once, while the call waits for its turn", async () => {
    const turn = Promise.withResolvers<void>();
    const { readings, sent, write } = open({ permit: turn.promise });
    expect(await next(readings)).toEqual({ kind: "heartbeat", instance: "", timeMs: 1000 });
    turn.resolve();
    const first = next(readings);
    await expect.poll(() => sent.length).toBe(1);
    write(progress(1), result);
    expect(await first).toMatchObject({ kind: "progress", instance: "i-1" });
    expect(await next(readings)).toMatchObject({
      kind: "result",
      instance: "i-1",
      callResult: { result: { json: '{"content":[]}' } },
    });
    expect((await readings.next()).done).toBe(true);
  });

  it("has no event when the call fails at once", async () => {
    const { readings } = open({ fails: failure });
    await expect(readings.next()).rejects.toBe(failure);
  });

  it("gives what came before the result, even when nobody read it until then", async () => {
    const { readings, sent, write } = open();
    expect(await kindOf(readings)).toBe("heartbeat");
    await expect.poll(() => sent.length).toBe(1);
    write(progress(1), progress(2), result, progress(3));
    const events = await Array.fromAsync(readings);
    expect(events.map((event) => (event.kind === "progress" ? event.progress.progress : event.kind))).toEqual([
      1,
      2,
      "result",
    ]);
  });

  it("says now and then that the stream is alive", async () => {
    const { readings, clock } = open({ heartbeatMs: 5 });
    for (let beats = 0; beats < 3; beats += 1) {
      expect(await next(readings)).toMatchObject({ kind: "heartbeat" });
      clock.ms += 5;
    }
  });

  it("ends by what the call says when its signal aborts, and gives no event from before", async () => {
    const { readings, caller, sent, write } = open();
    expect(await kindOf(readings)).toBe("heartbeat");
    await expect.poll(() => sent.length).toBe(1);
    write(progress(1));
    caller.abort(deadline);
    await expect(readings.next()).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    expect(getEventListeners(caller.signal, "abort")).toEqual([]);
  });

  it("cancels no call that has ended", async () => {
    const { calls, readings, sent, write } = open();
    await next(readings);
    await expect.poll(() => sent.length).toBe(1);
    write(result);
    expect(await kindOf(readings)).toBe("result");
    expect((await readings.next()).done).toBe(true);
    expect(calls.map((signal) => signal?.aborted)).toEqual([false]);
  });

  it("cancels the call when its reader stops", async () => {
    const { readings, caller, sent } = open();
    expect(await kindOf(readings)).toBe("heartbeat");
    await expect.poll(() => sent.length).toBe(1);
    await readings.return(undefined);
    await expect.poll(() => sent).toMatchObject([{ id: 5 }, { method: "notifications/cancelled" }]);
    expect(getEventListeners(caller.signal, "abort")).toEqual([]);
  });
});
