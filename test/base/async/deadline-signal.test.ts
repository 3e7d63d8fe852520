import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { AbortSource } from "../../../src/base/async/abort-source.ts";
import { deadlinePassed, deadlineSignal } from "../../../src/base/async/deadline-signal.ts";
import { ManagerError } from "../../../src/base/errors/errors.ts";

function aborted(signal: AbortSource | undefined): Promise<unknown> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(signal.reason)));
}

/** How many timers keep the process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

describe("deadlineSignal", () => {
  it("aborts with a deadline when its time is over", async () => {
    using limit = deadlineSignal({}, 1);
    expect(await aborted(limit.signal)).toMatchObject({
      kind: "deadline",
      message: deadlinePassed(1).message,
      details: { reason: "DEADLINE_EXCEEDED", delivery: "sent" },
    });
  });

  it("aborts with its parent's reason when that comes first", () => {
    const parent = new AbortController();
    using limit = deadlineSignal({ signal: parent.signal }, 60_000);
    const reason = new ManagerError("cancelled", "the caller left", {
      details: { reason: "CANCELLED", delivery: "sent" },
    });
    parent.abort(reason);
    expect(limit.signal?.reason).toBe(reason);
  });

  it("is aborted from the start when its parent is", () => {
    const reason = new Error("gone");
    using limit = deadlineSignal({ signal: AbortSignal.abort(reason) }, 60_000);
    expect(limit.signal?.reason).toBe(reason);
  });

  it("is its parent when there is no deadline", () => {
    const { signal } = new AbortController();
    using limit = deadlineSignal({ signal }, undefined);
    expect(limit.signal).toBe(signal);
    using none = deadlineSignal({}, undefined);
    expect(none.signal).toBeUndefined();
  });

  it("leaves no timer and no listener once disposed", () => {
    const { signal } = new AbortController();
    const before = timers();
    {
      using _limit = deadlineSignal({ signal }, 60_000);
      expect(timers()).toBe(before + 1);
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
    }
    expect(timers()).toBe(before);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
