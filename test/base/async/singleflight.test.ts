import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { Singleflight } from "../../../src/base/async/singleflight.ts";

/** Work that a test ends; cancelled, it says by what. */
function open() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const work = new Singleflight((signal) => {
    signals.push(signal);
    const cancel = () => reject(new Error(`cancelled by ${signal.reason}`));
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel);
    return promise;
  });
  return { work, resolve, reject, signals };
}

describe("Singleflight", () => {
  it("is done once, and gives all who joined its result", async () => {
    const { work, resolve, signals } = open();
    const joined = [work.join({}), work.join({ signal: new AbortController().signal })];
    resolve("done");
    expect(await Promise.all(joined)).toEqual(["done", "done"]);
    expect(await work.join({})).toBe("done");
    expect(signals).toHaveLength(1);
  });

  it("throws for all what it failed with", async () => {
    const { work, reject } = open();
    const joined = Promise.allSettled([work.join({}), work.join({ signal: new AbortController().signal })]);
    const reason = new Error("it failed");
    reject(reason);
    expect(await joined).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
  });

  it("lets one caller leave while another stays, and goes on", async () => {
    const { work, resolve, signals } = open();
    await Promise.resolve(); // It begins.
    const first = new AbortController();
    const left = work.join({ signal: first.signal, left: (reason) => `left by ${reason}` });
    const stays = work.join({ signal: new AbortController().signal });
    first.abort("a deadline");
    await expect(left).rejects.toBe("left by a deadline");
    expect([signals[0]?.aborted, work.abandoned]).toEqual([false, false]);
    resolve("done");
    expect(await stays).toBe("done");
  });

  it("is cancelled when the last caller leaves, who hears how it ended", async () => {
    const { work } = open();
    const callers = [new AbortController(), new AbortController()];
    const joined = callers.map(({ signal }) => work.join({ signal }).catch(String));
    for (const [index, caller] of callers.entries()) caller.abort(`caller ${index}`);
    expect(await Promise.all(joined)).toEqual(["caller 0", "Error: cancelled by caller 1"]);
    expect(work.abandoned).toBe(true);
  });

  it("is cancelled by a caller whose signal had aborted before, if there is no other", async () => {
    const { work } = open();
    await expect(work.join({ signal: AbortSignal.abort("too late") })).rejects.toThrow("cancelled by too late");
  });

  it("stays with callers who can't leave", async () => {
    const { work, resolve } = open();
    const leaving = new AbortController();
    const joined = [work.join({}), work.join({ signal: leaving.signal }).catch(String)];
    leaving.abort("gone");
    resolve("done");
    expect(await Promise.all(joined)).toEqual(["done", "gone"]);
  });

  it("leaves no listener on the signals of its callers", async () => {
    const { work, resolve } = open();
    const { signal } = new AbortController();
    const joined = work.join({ signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    resolve("done");
    await joined;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
