import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { aCaller } from "./a-caller.ts";
import { OpenFleet } from "./open-fleet.ts";

const hour = 3_600_000;
const spec = (...args: string[]) => ({ ...TestFleet.spec("hostile.mjs"), args: ["hostile.mjs", ...args] });

let open: OpenFleet;
let stepMs: number;
beforeEach(async () => {
  stepMs = 0;
  const clocks = { now: () => Date.now() + stepMs, elapsedMs: () => performance.now() };
  open = new OpenFleet({ clocks, reapGraceMs: 3_000 });
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

const call = (name: string, tool: string, value = {}) =>
  open.fleet.call(name, {
    callerHasDeadline: false,
    caller: aCaller,
    work: ({ session }, signal) => session.callTool({ tool, argumentsJson: JSON.stringify(value) }, { signal }),
  });

describe("A wall clock that is set by an hour", () => {
  it("does not shorten the grace of a Stop", async () => {
    await open.fleet.start("a", { spec: spec() });
    const finishes = call("a", "sleep", { ms: 700, text: "finished" });
    const stopped = open.fleet.stop("a", { graceMs: 20_000 });
    stepMs = hour;
    expect((await finishes).json).toContain("finished");
    expect(await stopped).toBe(true);
  });

  it("does not make a crash loop look like a server that ran well", async () => {
    const restart = { policy: "always", maxRestarts: 3, initialBackoffMs: 10, maxBackoffMs: 10 } as const;
    await open.fleet.start("a", { spec: { ...spec(), restart } });
    for (let round = 0; round < 4; round += 1) {
      await call("a", "echo");
      stepMs += hour;
      await call("a", "exit", { code: 1 }).catch(() => {});
    }
    await expect.poll(() => open.fleet.get("a").state, { timeout: 10_000 }).toBe("failed");
    expect(open.fleet.get("a").failure?.message).toContain("gave up after 3 restarts in a row");
  });

  it("does not make the reaper impatient", async () => {
    const { engine } = open;
    let rounds = 0;
    open.faults.list = (options) => {
      rounds += 1;
      stepMs += hour;
      return engine.runtime.list(options);
    };
    await open.boot();
    const { id } = await engine.runtime.create({ server: "gone", instance: "1", replica: 0, spec: spec() }, {});
    const before = rounds;
    // The round that sees it first, and the one after that.
    await expect.poll(() => rounds, { timeout: 10_000 }).toBeGreaterThan(before + 2);
    expect((await engine.runtime.list({})).map((record) => record.id)).toEqual([id]);
  });

  it("does not keep a server awake that nobody calls", async () => {
    await open.fleet.start("a", { spec: { ...spec(), idleTimeoutMs: 500 } });
    await call("a", "echo");
    stepMs = -hour;
    await expect.poll(() => open.fleet.get("a").state, { timeout: 10_000 }).toBe("idle");
  });
});
