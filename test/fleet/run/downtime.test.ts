import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type ErrorDetails, ManagerError } from "../../../src/base/errors/errors.ts";
import type { RestartSpec } from "../../../src/base/spec/spec.ts";
import { Downtime } from "../../../src/fleet/run/downtime.ts";
import { collectGarbage } from "../../heap.ts";

const down = (details: Omit<ErrorDetails, "delivery">) =>
  new ManagerError("not_running", "down", { details: { ...details, delivery: "not_sent" } });
const ended = down({ reason: "SERVER_EXITED", exitCode: 0 });

function downtime(spec: RestartSpec = { policy: "on_failure" }) {
  const clock = { elapsedMs: 0 };
  const time = new Downtime(spec, { clocks: { now: () => 1000, elapsedMs: () => clock.elapsedMs }, onDue() {} });
  return { time, clock };
}

describe("Downtime", () => {
  it("keeps why an instance went down, and when", () => {
    const { time } = downtime();
    expect(time.failure).toBeUndefined();
    time.note(ended);
    const { kind, message, details } = ended;
    expect(time.failure).toEqual({ kind, message, details, timeMs: 1000 });
  });

  it("keeps nothing of what the failing code had at hand", async () => {
    const { time } = downtime();
    class Session {
      fail() {
        time.note(down({ reason: "SERVER_EXITED" }));
        return new WeakRef(this);
      }
    }
    const session = new Session().fail();
    await setImmediate(); // A WeakRef holds its object until the current job ends.
    collectGarbage();
    expect(session.deref()).toBeUndefined();
  });

  it("adds the output that is found later, as far as it has none", () => {
    const { time } = downtime();
    time.explain({ stderrTail: "nobody asked" });
    expect(time.failure).toBeUndefined();
    time.note(ended);
    time.explain({});
    expect(time.failure?.details).toEqual(ended.details);
    time.explain({ stderrTail: "out of cheese" });
    time.explain({ stderrTail: "older", stdoutTail: "out of wine" });
    const output = { stderrTail: "out of cheese", stdoutTail: "out of wine" };
    expect(time.failure?.details).toMatchObject({ reason: "SERVER_EXITED", ...output });
  });

  it.each([
    ["ENGINE_UNAVAILABLE", true],
    ["CONTAINER_PAUSED", true],
    ["SERVER_EXITED", false],
  ] as const)("may have passed by itself after %s: %s", (reason, passed) => {
    const { time } = downtime();
    expect(time.mayHavePassed).toBe(false);
    time.note(down({ reason }));
    expect(time.mayHavePassed).toBe(passed);
  });

  it("may be the engine's doing for a while after an exit with code 0", () => {
    const { time, clock } = downtime();
    clock.elapsedMs = 100;
    time.note(ended);
    clock.elapsedMs += 15_000;
    expect(time.mayBeEngines).toBe(true);
    clock.elapsedMs += 1;
    expect(time.mayBeEngines).toBe(false);
  });

  it.each([
    ["after another code", {}, down({ reason: "SERVER_EXITED", exitCode: 1 })],
    ["after another end", {}, down({ reason: "CONTAINER_REMOVED" })],
    ["of a server that is never started again", { policy: "never" }, ended],
  ] as const)("is not the engine's doing %s", (_when, spec, error) => {
    const { time } = downtime(spec);
    time.note(error);
    expect(time.mayBeEngines).toBe(false);
  });
});
