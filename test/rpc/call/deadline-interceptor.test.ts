import { getEventListeners } from "node:events";
import {
  Code,
  ConnectError,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { deadlineInterceptor } from "../../../src/rpc/call/deadline-interceptor.ts";
import type { OperationOf } from "../../../src/rpc/call/service-operations.ts";
import { anOperation, valuesOfCall } from "../a-call.ts";

const passed = new ConnectError("the operation timed out", Code.DeadlineExceeded);
const capped =
  (name: string): OperationOf =>
  (method) => ({ ...anOperation, capped: method.name === name });
const intercept = deadlineInterceptor({ maxCallTimeoutMs: 10, operationOf: capped("CallTool") });

/** What becomes of a request with this signal, which this handler takes. */
function run(signal: AbortSignal, handler: (signal: AbortSignal) => unknown, name = "List") {
  const request = {
    stream: false,
    method: { name },
    signal,
    contextValues: valuesOfCall(),
  } as unknown as UnaryRequest;
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

  it("sends a response that was complete when the deadline passed", async () => {
    const deadline = new AbortController();
    const received = run(deadline.signal, () => {
      queueMicrotask(() => deadline.abort(passed));
      return "answer";
    });
    expect(await received).toBe("answer");
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

/** The messages of a stream RPC with this signal, which this handler gives. */
async function stream(
  signal: AbortSignal,
  handler: (signal: AbortSignal) => AsyncIterable<string>,
  { maxCallTimeoutMs = 60_000 } = {},
) {
  const request = {
    stream: true,
    method: { name: "Follow" },
    signal,
    contextValues: valuesOfCall(),
  } as unknown as StreamRequest;
  const interceptor = deadlineInterceptor({ maxCallTimeoutMs, operationOf: capped("Follow") });
  const response = await interceptor(async (handed) => {
    const message = handler(handed.signal);
    return { stream: true, message } as unknown as StreamResponse;
  })(request);
  return (response.message as AsyncIterable<unknown>)[Symbol.asyncIterator]();
}

const never = new Promise<never>(() => {});

describe("deadlineInterceptor, of streams", () => {
  it("hands on every message, and leaves nothing behind", async () => {
    const caller = new AbortController();
    const messages = await stream(caller.signal, async function* () {
      yield "a";
      yield "b";
    });
    expect([await messages.next(), await messages.next(), await messages.next()]).toEqual([
      { value: "a", done: false },
      { value: "b", done: false },
      { value: undefined, done: true },
    ]);
    expect(getEventListeners(caller.signal, "abort")).toEqual([]);
  });

  it("does not begin a request whose deadline passed before it was read", async () => {
    let begun = false;
    const messages = stream(AbortSignal.abort(passed), async function* () {
      begun = true;
      yield "a";
    });
    await expect(messages).rejects.toMatchObject({ kind: "deadline", details: { delivery: "not_sent" } });
    expect(begun).toBe(false);
  });

  it("ends a stream at the maximum, whatever its caller allows, and lets the handler say what became of the call", async () => {
    const messages = await stream(
      new AbortController().signal,
      async function* (signal) {
        yield "a";
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw Object.assign(new Error("it was sent"), { reason: signal.reason });
      },
      { maxCallTimeoutMs: 20 },
    );
    expect((await messages.next()).value).toBe("a");
    await expect(messages.next()).rejects.toMatchObject({ message: "it was sent", reason: { kind: "deadline" } });
  });

  it("ends a stream whose handler waits for ever", async () => {
    const deadline = new AbortController();
    const messages = await stream(deadline.signal, async function* () {
      yield "a";
      await never;
    });
    expect((await messages.next()).value).toBe("a");
    const last = messages.next();
    deadline.abort(passed);
    await expect(last).rejects.toMatchObject({
      kind: "deadline",
      details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
    });
    expect(getEventListeners(deadline.signal, "abort")).toEqual([]);
  });

  it("ends a stream whose handler goes on and on, after its last word", async () => {
    const deadline = new AbortController();
    let closed = false;
    const messages = await stream(deadline.signal, async function* () {
      try {
        for (;;) yield "more";
      } finally {
        closed = true;
      }
    });
    expect((await messages.next()).value).toBe("more");
    deadline.abort(passed);
    expect((await messages.next()).value).toBe("more");
    await expect(messages.next()).rejects.toMatchObject({ kind: "deadline", details: { delivery: "sent" } });
    expect(closed).toBe(true);
  });

  it("sends a result that was complete when the deadline passed", async () => {
    const deadline = new AbortController();
    const messages = await stream(deadline.signal, async function* () {
      deadline.abort(passed);
      yield "result";
    });
    expect((await messages.next()).value).toBe("result");
    expect((await messages.next()).done).toBe(true);
  });

  it("tells a handler that its caller left, and closes it", async () => {
    const caller = new AbortController();
    const closed = Promise.withResolvers<unknown>();
    const messages = await stream(caller.signal, async function* (signal) {
      try {
        yield "a";
      } finally {
        closed.resolve(signal.reason);
      }
    });
    await messages.next();
    caller.abort();
    await messages.return?.();
    expect(await closed.promise).toBeInstanceOf(ManagerError);
  });
});
