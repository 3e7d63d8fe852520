import { describe, expect, it, vi } from "vitest";
import { FarDeadlines } from "../../src/base/async/call-wait.ts";
import { callOpener } from "../../src/operations/call-context.ts";

const openCall = callOpener(new FarDeadlines());
const headers = new Headers({
  traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
  "mcpm-caller": "somebody else",
});

describe("A call", () => {
  it("is anonymous, and of the connection that it came on, whatever its headers say", () => {
    const connection = {};
    const { principal, scope, lane } = openCall({ headers, connection, timeoutMs: undefined });
    expect([principal.id, scope]).toEqual(["anonymous", "anonymous"]);
    expect(lane).toBe(connection);
  });

  it("has the trace of its headers, read once", () => {
    const get = vi.spyOn(headers, "get");
    const call = openCall({ headers, connection: undefined, timeoutMs: undefined });
    expect(get).not.toHaveBeenCalled();
    expect(call.trace.traceparent).toMatch(/^00-a+-b+-01$/);
    expect(call.trace).toBe(call.trace);
    const looks = get.mock.calls.length;
    expect(call.trace.baggage).toBeUndefined();
    expect(get).toHaveBeenCalledTimes(looks);
  });

  it("aborts at its caller's deadline, by a reason that says whose it was", async () => {
    const call = openCall({ headers, connection: undefined, timeoutMs: 5 });
    expect(call.hasDeadline).toBe(true);
    expect(call.timeoutLeftMs).toBeGreaterThan(0);
    await new Promise<void>((resolve) => call.wait.addEventListener("abort", resolve));
    expect(call.wait.reason).toMatchObject({ kind: "deadline", message: "the caller's deadline passed" });
    expect(call.timeoutLeftMs).toBeLessThanOrEqual(0);
  });

  it("leaves a deadline that somebody else enforces to them", async () => {
    const call = openCall({ headers, connection: undefined, timeoutMs: 0, enforced: false });
    expect([call.hasDeadline, call.wait.aborted]).toEqual([true, false]);
  });

  it("has no deadline without one of its caller's", () => {
    const call = openCall({ headers, connection: undefined, timeoutMs: undefined });
    expect([call.hasDeadline, call.timeoutLeftMs, call.wait.aborted]).toEqual([false, undefined, false]);
  });
});
