import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HealthSpec } from "../../src/base/spec/spec.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { aCaller } from "./a-caller.ts";
import { engineDown, OpenFleet } from "./open-fleet.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet({ reapGraceMs: 600 });
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

const timeout = 20_000;
const get = (name: string) => open.fleet.get(name);

/** Resolves when the reaper has looked so often again. */
async function rounds(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  open.faults.list = (options) => {
    left -= 1;
    if (left < 0) resolve();
    return open.engine.runtime.list(options);
  };
  await promise;
  delete open.faults.list;
}

describe("A container that somebody made with a terminal", () => {
  it("is FAILED, and says why once; Stop removes it, and the others are adopted", async () => {
    await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs") });
    await open.fleet.start("b", { spec: TestFleet.spec("hostile.mjs") });
    const { Name, Config, HostConfig } = await open.containerOf("a").inspect();
    await open.fleet.close({ drainMs: 0 });
    await open.engine.docker.getContainer(Name.slice(1)).remove({ force: true });
    const made = await open.engine.docker.createContainer({ ...Config, HostConfig, Tty: true, name: Name.slice(1) });
    await made.start();
    await open.boot();
    const failed = { state: "failed", failure: { details: { reason: "ATTACH_FAILED" } } };
    expect(get("a")).toMatchObject(failed);
    expect(get("b").state).toBe("ready");
    await rounds(2);
    expect(open.statesOf("a")).toEqual(["failed"]);
    await expect(open.fleet.start("a", {})).rejects.toMatchObject({ details: { reason: "ATTACH_FAILED" } });
    await open.fleet.stop("a", { graceMs: 0 });
    expect((await open.engine.runtime.list({})).map(({ server }) => server)).toEqual(["b"]);
  });
});

describe("A server that hangs when it is found at boot", () => {
  const hangs = async (health: HealthSpec) => {
    const spec = TestFleet.spec("hostile.mjs", {
      health,
      handshakeTimeoutMs: 2_000,
      restart: { initialBackoffMs: 10 },
    });
    await open.fleet.start("h", { spec });
    await open.fleet.call("h", {
      callerHasDeadline: true,
      caller: aCaller,
      work: ({ session }) => session.callTool({ tool: "deaf" }, {}),
    });
    const before = get("h").instances[0]?.record;
    await open.boot();
    return before;
  };

  it("is killed and started again when its spec says so", async () => {
    const before = await hangs({ intervalMs: 60_000, killUnhealthy: true });
    await expect.poll(() => get("h").state, { timeout }).toBe("ready");
    const { record } = get("h").instances[0] ?? {};
    expect(record?.id).toBe(before?.id);
    expect(record?.startTimeMs).not.toBe(before?.startTimeMs);
    expect(get("h").failure?.details).toMatchObject({ reason: "HANDSHAKE_TIMEOUT" });
  });

  it("is left alone otherwise", async () => {
    const before = await hangs({ intervalMs: 60_000 });
    const tries = () => open.statesOf("h").filter((state) => state === "backing_off").length;
    await expect.poll(tries, { timeout }).toBeGreaterThan(1);
    expect(get("h").instances[0]?.record.startTimeMs).toBe(before?.startTimeMs);
  });
});

describe("A server of several copies that was found at boot and never came up", () => {
  it("is kept, with its containers, when a Start fails, as one with a single copy is", async () => {
    const spec = TestFleet.spec("hostile.mjs", { replicas: 2, restart: { policy: "never" } });
    await open.fleet.start("a", { spec });
    const ids = async () => (await open.engine.runtime.list({})).map(({ id }) => id).sort();
    const before = await ids();
    await open.fleet.close({ drainMs: 0 });
    for (const id of before) await open.engine.docker.getContainer(id).kill();
    await open.boot();
    open.faults.run = engineDown;
    await expect(open.fleet.start("a", { spec })).rejects.toMatchObject({ kind: "unavailable" });
    expect(get("a").state).toBe("failed");
    delete open.faults.run;
    expect((await open.fleet.start("a", { spec })).state).toBe("ready");
    expect(await ids()).toEqual(before);
  });
});

describe("A first Start that fails while its manager is killed", () => {
  it.each([
    ["never", 0],
    ["on_failure", 1],
  ] as const)("leaves a server that is FAILED with what Start would have said (%s)", async (policy, restarts) => {
    const restart = { policy, maxRestarts: 1, initialBackoffMs: 10 };
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs", "--exit", "3"], restart });
    const killed = Promise.withResolvers<void>();
    open.faults.remove = () => {
      killed.resolve();
      return new Promise(() => {});
    };
    void open.fleet.start("f", { spec }).catch(() => {});
    await killed.promise;
    delete open.faults.remove;
    await open.reboot();
    await expect.poll(() => get("f").state, { timeout }).toBe("failed");
    const { details } = get("f").failure ?? {};
    expect(details).toMatchObject({ reason: "SERVER_EXITED", exitCode: 3, stderrTail: expect.stringMatching(/./) });
    expect(get("f").restartCount).toBe(restarts);
    await open.fleet.stop("f", { graceMs: 0 });
    expect(await open.engine.runtime.list({})).toEqual([]);
  });
});
