import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { aCaller } from "../a-caller.ts";
import { OpenFleet } from "../open-fleet.ts";
import { legacyServer } from "./legacy-server.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet();
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

describe("An idle server that is slow to end", () => {
  const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs", "--ignore-term"], idleTimeoutMs: 100 });

  it("does not hold up the manager's own end", async () => {
    await open.fleet.start("i", { spec });
    const container = open.containerOf("i");
    await expect.poll(() => open.fleet.get("i").state, { timeout: 20_000 }).toBe("idle");
    await open.fleet.close({ drainMs: 0 });
    expect((await container.inspect()).State.Running).toBe(true);
    expect(open.warnings).toEqual([]);
  });

  it("is killed at once by a Stop with no grace", async () => {
    const stopping = Promise.withResolvers<void>();
    open.faults.stop = (_id, { signal }) => {
      stopping.resolve();
      delete open.faults.stop;
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    };
    await open.fleet.start("i", { spec });
    await stopping.promise;
    await open.fleet.stop("i", { graceMs: 0 });
    expect(await open.engine.runtime.list({})).toEqual([]);
  });
});

describe("A call that comes while an idle server ends", () => {
  const graces: number[] = [];
  const idleThenCalled = async (spec: ServerSpec, { onStopping = () => {} } = {}) => {
    const stopping = Promise.withResolvers<void>();
    graces.length = 0;
    open.faults.stop = (id, options) => {
      graces.push(options.graceMs);
      stopping.resolve();
      return open.engine.runtime.stop(id, options);
    };
    await open.fleet.start("i", { spec });
    await stopping.promise;
    onStopping();
    return open.fleet.call("i", {
      callerHasDeadline: true,
      caller: aCaller,
      work: ({ session }) => session.callTool({ tool: "echo" }, {}),
    });
  };

  it("has it killed when it does not heed SIGTERM", async () => {
    const args = ["hostile.mjs", "--ignore-term"];
    const { isError } = await idleThenCalled(TestFleet.spec("hostile.mjs", { args, idleTimeoutMs: 500 }));
    expect({ isError, graces: graces.slice(0, 2) }).toEqual({ isError: false, graces: [expect.any(Number), 0] });
  });

  it("has it killed at once when it has had its time by then", async () => {
    let passedMs = 0;
    await using late = new OpenFleet({
      clocks: { now: Date.now, elapsedMs: () => performance.now() + passedMs },
    });
    await open[Symbol.asyncDispose]();
    open = late;
    await open.boot();
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on("warning", onWarning);
    const args = ["hostile.mjs", "--ignore-term"];
    await idleThenCalled(TestFleet.spec("hostile.mjs", { args, idleTimeoutMs: 500 }), {
      onStopping: () => {
        passedMs = 5_000;
      },
    });
    process.off("warning", onWarning);
    expect({ graces: graces.slice(0, 2), warnings }).toEqual({ graces: [expect.any(Number), 0], warnings: [] });
  });

  it("waits for what it does before it exits", async () => {
    const onTerm = "setTimeout(() => { console.error('saved'); process.exit(0); }, 300)";
    await idleThenCalled(legacyServer({ onTerm }, { idleTimeoutMs: 500 }));
    expect(graces).not.toContain(0);
    expect(open.eventsOf("i")).toContainEqual(expect.objectContaining({ source: "stderr", text: "saved" }));
  });
});
