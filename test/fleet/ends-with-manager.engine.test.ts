import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RestartSpec } from "../../src/base/spec/spec.ts";
import { podmanCapabilities } from "../../src/runtime/capabilities.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { aCaller } from "./a-caller.ts";
import { OpenFleet } from "./open-fleet.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet();
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

const timeout = 20_000;
const get = (name: string) => open.fleet.get(name);
const recordOf = (name: string) => get(name).instances[0]?.record;
const start = async (restart: RestartSpec, more = {}) => {
  await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs", { restart, ...more }) });
  return recordOf("a");
};
const echo = () =>
  open.fleet.call("a", {
    callerHasDeadline: false,
    caller: aCaller,
    work: ({ session }, signal) => session.callTool({ tool: "echo", argumentsJson: '{"text":"hi"}' }, { signal }),
  });
/** As Podman does to a server whose manager ends. */
const endedWithManager = async () => {
  const { id = "" } = recordOf("a") ?? {};
  await open.fleet.close({ drainMs: 0 });
  await open.engine.runtime.stop(id, { graceMs: 5_000 });
};

describe("On an engine that ends servers with their manager", () => {
  it("a server that runs on, deaf, is started again in its container when a manager boots", async () => {
    const before = await start({ policy: "never" });
    open.faults.capabilities = podmanCapabilities;
    await open.boot();
    await expect.poll(() => get("a").state, { timeout }).toBe("ready");
    await echo();
    expect(recordOf("a")?.id).toBe(before?.id);
    expect(recordOf("a")?.startTimeMs).not.toBe(before?.startTimeMs);
    expect(open.eventsOf("a")).toContainEqual(
      expect.objectContaining({ message: "its stdin ended with the connection to it; starting it again" }),
    );
  });

  it("so is one whose attachment was lost", async () => {
    const attached: { close(): void }[] = [];
    open.faults.run = async (id, sink, options) => {
      const attachment = await open.engine.runtime.run(id, sink, options);
      attached.push(attachment);
      return attachment;
    };
    const before = await start({ policy: "never" });
    open.faults.capabilities = podmanCapabilities;
    attached[0]?.close();
    await expect.poll(() => recordOf("a")?.startTimeMs, { timeout }).not.toBe(before?.startTimeMs);
    await expect.poll(() => get("a").state, { timeout }).toBe("ready");
    await echo();
  });
});

describe("A server that was ended with code 0", () => {
  // It ends with SIGTERM's default, so say it was 0, as at the end of stdin.
  const exitsWithZero = () => {
    open.faults.list = async (options) =>
      (await open.engine.runtime.list(options)).map((record) =>
        record.state === "exited" ? { ...record, exit: { exitCode: 0, oomKilled: false } } : record,
      );
  };

  it.each([
    { policy: "on_failure", podman: true, state: "ready" },
    { policy: "always", podman: true, state: "ready" },
    { policy: "never", podman: true, state: "failed" },
    { policy: "on_failure", podman: false, state: "failed" },
  ] as const)("is $state at the next boot with $policy, on Podman: $podman", async ({ policy, podman, state }) => {
    const before = await start({ policy });
    await endedWithManager();
    exitsWithZero();
    if (podman) open.faults.capabilities = podmanCapabilities;
    await open.boot();
    await expect.poll(() => get("a").state, { timeout }).toBe(state);
    expect(recordOf("a")?.id).toBe(before?.id);
  });

  it("sleeps until it is called, when it has an idle_timeout", async () => {
    await start({ policy: "on_failure" }, { idleTimeoutMs: 600_000 });
    await endedWithManager();
    exitsWithZero();
    open.faults.capabilities = podmanCapabilities;
    await open.boot();
    expect(get("a").state).toBe("idle");
    await echo();
    expect(get("a").state).toBe("ready");
  });
});
