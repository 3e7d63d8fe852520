import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

const timeout = 20_000;
const get = (name: string) => open.fleet.get(name);

describe("An idle server that ends slowly when its manager is killed", () => {
  it.each([
    ["answers until then", "setTimeout(() => process.exit(0), 2500)"],
    ["reads no more", "process.stdin.pause(); setTimeout(() => process.exit(0), 2500)"],
  ])("and %s is IDLE for the next one, and not FAILED", async (_how, onTerm) => {
    const idle = { idleTimeoutMs: 3000, restart: { policy: "never" } } as const;
    await open.fleet.start("i", { spec: legacyServer({ onTerm }, idle) });
    const container = open.containerOf("i");
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
    await open.reboot();
    await expect.poll(async () => (await container.inspect()).State.Status, { timeout }).toBe("exited");
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
    expect(open.statesOf("i")).not.toContain("failed");
  });
});

describe("A server that stops when idle and exits just after it was taken over", () => {
  it("is started again for who follows one of its resources, and tells that something may have been missed", async () => {
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs", "--offers"], idleTimeoutMs: 60_000 });
    await open.fleet.start("i", { spec });
    await open.boot();
    using subscription = open.fleet.follow("i", "mem://note");
    await open.fleet.call("i", {
      callerHasDeadline: true,
      caller: aCaller,
      work: (permit) => subscription.take(permit),
    });
    const changed = subscription.subscriber.changes.wait();
    await open.containerOf("i").kill({ signal: "SIGTERM" });
    await changed;
    expect(subscription.subscriber.takeUpdate()).toMatchObject({ uri: "mem://note" });
    expect(get("i").state).toBe("ready");
  });

  it("by the stop signal of its image, whichever that is, was stopped", async () => {
    const restart = { policy: "never" } as const;
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs"], idleTimeoutMs: 60_000, restart });
    await open.fleet.start("i", { spec });
    await open.boot();
    await open.containerOf("i").kill({ signal: "SIGINT" });
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
    expect(open.statesOf("i")).not.toContain("failed");
  });

  it("because it was killed follows its restart policy", async () => {
    const restart = { policy: "never" } as const;
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs"], idleTimeoutMs: 60_000, restart });
    await open.fleet.start("i", { spec });
    await open.boot();
    await open.containerOf("i").kill();
    await expect.poll(() => get("i").state, { timeout }).toBe("failed");
    expect(get("i").failure?.details).toMatchObject({ reason: "SERVER_EXITED", exitCode: 137 });
  });

  it.each([
    ["never", "failed", 0],
    ["on_failure", "ready", 1],
  ] as const)("because it crashed follows its restart policy: by %s it is %s", async (policy, state, restarts) => {
    const restart = { policy, initialBackoffMs: 10 };
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs"], idleTimeoutMs: 60_000, restart });
    await open.fleet.start("i", { spec });
    await open.boot();
    const crash = open.fleet.call("i", {
      callerHasDeadline: true,
      caller: aCaller,
      work: ({ session }, signal) => session.callTool({ tool: "exit", argumentsJson: '{"code":3}' }, { signal }),
    });
    await expect(crash).rejects.toMatchObject({ details: { reason: "SERVER_EXITED", exitCode: 3 } });
    await expect.poll(() => get("i"), { timeout }).toMatchObject({ state, restartCount: restarts });
    expect(get("i").failure?.details).toMatchObject({ reason: "SERVER_EXITED", exitCode: 3 });
    expect(open.statesOf("i")).not.toContain("idle");
  });

  it("follows its restart policy when it exits once more", async () => {
    const restart = { policy: "never" } as const;
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs"], idleTimeoutMs: 60_000, restart });
    await open.fleet.start("i", { spec });
    await open.boot();
    await open.containerOf("i").kill({ signal: "SIGTERM" });
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
    await open.fleet.start("i", {});
    await open.containerOf("i").kill({ signal: "SIGTERM" });
    await expect.poll(() => get("i").state, { timeout }).toBe("failed");
  });
});

describe("A server that answers initialize, and dies some seconds after the probe", () => {
  it("dies of it once: it is replaced by one that is never asked, by the next manager neither", async () => {
    const onProbe = "setTimeout(() => process.exit(1), 4000)";
    const restart = { policy: "on_failure", initialBackoffMs: 10 } as const;
    await open.fleet.start("p", { spec: legacyServer({ onProbe }, { restart }) });
    expect(await open.engine.runtime.list({})).toHaveLength(1);
    const records = () => open.engine.runtime.list({});
    await expect.poll(records, { timeout }).toMatchObject([{ server: "p", era: "legacy", state: "running" }]);
    await expect.poll(() => get("p").state, { timeout }).toBe("ready");
    await open.boot();
    expect(get("p")).toMatchObject({ state: "ready", restartCount: 0 });
  });
});
