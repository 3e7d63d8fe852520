import { Code, ConnectError, type UnaryRequest, type UnaryResponse } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { deadlineInterceptor } from "../../src/rpc/deadline-interceptor.ts";

const passed = new ConnectError("the operation timed out", Code.DeadlineExceeded);
const intercept = deadlineInterceptor({ maxCallTimeoutMs: 10, callsIntoServer: new Set(["CallTool"]) });

/** What becomes of a request with this signal, which this handler takes. */
function run(signal: AbortSignal, handler: (signal: AbortSignal) => unknown, name = "List") {
  const request = { stream: false, method: { name }, signal } as unknown as UnaryRequest;
  return intercept(async (handed) => (await handler(handed.signal)) as UnaryResponse)(request);
}

describe("deadlineInterceptor", () => {
  it("does not begin a request whose deadline passed before it was read", async () => {
    let begun = false;
    const ended = run(AbortSignal.abort(passed), () => {
      begun = true;
    });
    const details = { reason: "DEADLINE_EXCEEDED", delivery: "not_sent" };
    await expect(ended).rejects.toMatchObject({ kind: "deadline", details });
    expect(begun).toBe(false);
  });

  it("does not begin a request whose caller left before it was read", async () => {
    const ended = run(AbortSignal.abort(), () => "begun");
    await expect(ended).rejects.toMatchObject({ kind: "cancelled", details: { delivery: "not_sent" } });
  });

  it("sends an answer that was complete when the deadline passed", async () => {
    const deadline = new AbortController();
    const answer = run(deadline.signal, () => {
      queueMicrotask(() => deadline.abort(passed));
      return "answer";
    });
    expect(await answer).toBe("answer");
  });

  it("tells the handler of the deadline by a reason of ours, and lets it say what became of the call", async () => {
    const deadline = new AbortController();
    const ended = run(deadline.signal, async (signal) => {
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      deadline.abort(passed);
      await aborted;
      throw Object.assign(new Error("it was sent"), { reason: signal.reason });
    });
    await expect(ended).rejects.toMatchObject({ message: "it was sent", reason: { kind: "deadline" } });
  });

  it("ends a request whose handler ignores the deadline", async () => {
    const deadline = new AbortController();
    const ended = run(deadline.signal, () => {
      deadline.abort(passed);
      return new Promise(() => {});
    });
    const details = { reason: "DEADLINE_EXCEEDED", delivery: "sent" };
    await expect(ended).rejects.toMatchObject({ kind: "deadline", details });
  });

  it("ends a call into a server at the maximum, also when its handler ignores that", async () => {
    let handed: AbortSignal | undefined;
    const forever = (signal: AbortSignal) => {
      handed = signal;
      return new Promise(() => {});
    };
    const ended = run(new AbortController().signal, forever, "CallTool");
    const details = { reason: "DEADLINE_EXCEEDED", delivery: "sent" };
    await expect(ended).rejects.toMatchObject({ kind: "deadline", details });
    expect(handed?.reason).toMatchObject({ kind: "deadline" });
  });

  it("sets no maximum to what goes into no server", async () => {
    const later = (signal: AbortSignal) =>
      new Promise((resolve) => setTimeout(() => resolve(signal.aborted ? "aborted" : "answer"), 30));
    expect(await run(new AbortController().signal, later)).toBe("answer");
  });
});
