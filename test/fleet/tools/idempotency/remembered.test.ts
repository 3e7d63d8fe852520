import { describe, expect, it } from "vitest";
import { outcomeOfResult } from "../../../../src/fleet/tools/idempotency/outcome.ts";
import { Remembered } from "../../../../src/fleet/tools/idempotency/remembered.ts";

const outcome = (json: string) =>
  outcomeOfResult({ result: { json, isError: false, kind: "complete" }, instance: "i-1" });
const kilobyte = outcome("x".repeat(1024));

/** Room for three of them. */
function open() {
  let nowMs = 0;
  const remembered = new Remembered({ windowMs: 100, maxBytes: 3 * 2048, elapsedMs: () => nowMs });
  const add = (key: string, kept = kilobyte) => remembered.add(key, { digest: key, outcome: kept });
  const shown = (...keys: string[]) =>
    keys.map((key) => {
      const ended = remembered.get(key);
      return ended === undefined ? "gone" : ended.outcome === undefined ? "tombstone" : "kept";
    });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { remembered, add, shown, pass };
}

describe("Remembered", () => {
  it("forgets each when its time is over, not sooner", () => {
    const { remembered, add, shown, pass } = open();
    add("a");
    pass(50);
    add("b");
    pass(49);
    expect([...shown("a", "b"), remembered.nextMs]).toEqual(["kept", "kept", 1]);
    pass(1);
    expect([...shown("a", "b"), remembered.nextMs]).toEqual(["gone", "kept", 50]);
    pass(50);
    expect(shown("b")).toEqual(["gone"]);
    expect([remembered.size, remembered.bytes, remembered.nextMs]).toEqual([0, 0, undefined]);
  });

  it("takes the outcome of the oldest when there is no room, and keeps its tombstone for the rest of its time", () => {
    const { remembered, add, shown, pass } = open();
    for (const key of ["a", "b", "c", "d"]) {
      add(key);
      pass(10);
    }
    expect(shown("a", "b", "c", "d")).toEqual(["tombstone", "kept", "kept", "kept"]);
    expect(remembered.bytes).toBe(3 * 2048);
    pass(60);
    expect(shown("a", "b")).toEqual(["gone", "kept"]);
  });

  it("keeps nothing but the tombstone of one that is larger than all its room", () => {
    const { remembered, add, shown } = open();
    add("a", outcome("x".repeat(10_000)));
    expect([...shown("a"), remembered.bytes]).toEqual(["tombstone", 0]);
    add("b");
    expect([...shown("a", "b"), remembered.bytes]).toEqual(["tombstone", "kept", 2048]);
  });

  it("counts text that is not ASCII as two bytes a character", () => {
    const { remembered, add } = open();
    add("a", outcome("é".repeat(100)));
    expect(remembered.bytes).toBe(1024 + 200);
  });

  it("remembers a key again that it has forgotten", () => {
    const { add, shown, pass, remembered } = open();
    add("a");
    pass(100);
    remembered.forgetOld();
    add("a");
    pass(99);
    expect(shown("a")).toEqual(["kept"]);
  });

  it("keeps its count of bytes when those that are forgotten and those that make room meet", () => {
    const { remembered, add, pass } = open();
    for (let round = 0; round < 200; round += 1) {
      add(`${round}`);
      pass(round % 7 === 0 ? 150 : 30);
      remembered.forgetOld();
      expect(remembered.bytes).toBe(2048 * Math.min(remembered.size, 3));
    }
  });
});
