import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable } from "../../../src/base/async/abortable.ts";

describe("abortable", () => {
  it("gives the promise's outcome, and leaves no listener", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve("x"), signal)).toBe("x");
    await expect(abortable(Promise.reject(new Error("x")), signal)).rejects.toThrow("x");
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(await abortable(Promise.resolve("x"), undefined)).toBe("x");
  });

  it("gives the signal's reason when that comes first", async () => {
    const controller = new AbortController();
    const waiting = abortable(new Promise(() => {}), controller.signal);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await expect(abortable(new Promise(() => {}), controller.signal)).rejects.toThrow("gone");
  });
});
