import { describe, expect, it } from "vitest";
import { within } from "../../../src/base/async/within.ts";

describe("within", () => {
  it("says that a promise settled, however it did", async () => {
    expect(await within(60_000, Promise.resolve("x"))).toBe(true);
    expect(await within(60_000, Promise.reject(new Error("x")))).toBe(true);
  });

  it("says that a promise did not settle in its time", async () => {
    expect(await within(1, new Promise(() => {}))).toBe(false);
  });

  it("leaves no timer behind", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = timers();
    await within(60_000, Promise.resolve());
    expect(timers()).toBe(before);
  });
});
