import { EventEmitter, getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { drained } from "../../src/rest/rest-handler.ts";

describe("drained", () => {
  it.each([
    ["the response takes more", (response: EventEmitter) => response.emit("drain")],
    ["the caller leaves", (_response: EventEmitter, left: AbortController) => left.abort()],
  ])("resolves when %s, and leaves no listener", async (_what, happen) => {
    const response = new EventEmitter();
    const left = new AbortController();
    const waiting = drained(response, left.signal);
    happen(response, left);
    await waiting;
    expect(response.listenerCount("drain")).toBe(0);
    expect(getEventListeners(left.signal, "abort")).toEqual([]);
  });

  it("does not wait for a caller who has left already", async () => {
    const response = new EventEmitter();
    await drained(response, AbortSignal.abort());
    expect(response.listenerCount("drain")).toBe(0);
  });
});
