import { describe, expect, it } from "vitest";
import { KnownProgram } from "../../../src/fleet/programs/known-program.ts";
import { info, legacy, modern, running } from "./a-handshake.ts";

const fresh = () => new KnownProgram({ facts: undefined, now: () => 1, onLearnt() {} });
const started = { record: running("c", 100), resuming: false, isPinned: false };

describe("What is known of a program's era", () => {
  it.each([
    ["it answered the probe", modern, { era: "modern", answersProbe: true }],
    ["it took both questions", legacy("modern"), { era: "modern", answersProbe: true }],
    ["it refused the probe", legacy("refused"), { era: "legacy", answersProbe: true }],
    ["it was silent on the probe", legacy("silent"), { era: "legacy", answersProbe: false }],
  ] as const)("is what it said: %s", (_how, opened, hint) => {
    const known = fresh();
    known.opened(opened, started);
    expect(known.hint).toEqual(hint);
  });

  it("is the modern one when it said so late", () => {
    const known = fresh();
    known.opened(legacy("silent"), started);
    known.saidModern();
    expect(known.hint).toEqual({ era: "modern", answersProbe: true });
  });

  it("is not learnt of a process that may refuse the probe for what it was asked before", () => {
    const known = fresh();
    known.opened(modern, started);
    known.opened(legacy("refused"), { ...started, resuming: true });
    expect(known.hint?.era).toBe("modern");
  });

  it("is not learnt where the spec says it", () => {
    const known = fresh();
    known.opened(legacy("not_asked"), { ...started, isPinned: true });
    expect(known.hint).toBeUndefined();
  });

  it("is forgotten when it did not hold, or when there is another program by that name", () => {
    const known = fresh();
    known.opened(legacy("refused"), started);
    known.doubt();
    expect(known.hint).toBeUndefined();
    known.diedOfProbe();
    known.opened(legacy("not_asked", { ...info, serverVersion: "2" }), started);
    expect(known.diesOfProbe).toBe(false);
  });
});

describe("A process that runs", () => {
  it("is pinged when it took initialize since it started, and only then", () => {
    const known = fresh();
    expect(known.greeted(running("c", 100))).toBeUndefined();
    known.opened(legacy("refused"), started);
    expect(known.greeted(running("c", 100))).toEqual({ info });
    expect(known.greeted(running("c", 101))).toBeUndefined();
    expect(known.greeted(running("d", 100))).toBeUndefined();
  });

  it("is pinged when its program exits on a second initialize", () => {
    const known = fresh();
    known.opened(legacy("refused"), started);
    known.exitedOnSecondInitialize();
    expect(known.greeted(running("d", 7))).toEqual({ info });
    // Somebody started it again while there was no manager.
    expect(known.greeted(running("c", 200))).toBeUndefined();
  });

  it("is asked when its program is of the modern era", () => {
    const known = fresh();
    known.opened(modern, started);
    known.exitedOnSecondInitialize();
    expect(known.greeted(running("c", 100))).toBeUndefined();
  });
});
