import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HealthSpec, ServerSpec } from "../../src/spec.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { engineDown, OpenFleet } from "./open-fleet.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet({ reapGraceMs: 600 });
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

const timeout = 20_000;
const get = (name: string) => open.fleet.get(name);
const containerOf = (name: string) => open.engine.docker.getContainer(get(name).instances[0]?.record.id ?? "");
const lifecycleOf = (name: string) => {
  const ring = open.fleet.log(name);
  const events = Array.from(
    { length: ring.nextOrdinal - ring.firstOrdinal },
    (_, at) => ring.at(ring.firstOrdinal + at)?.event,
  );
  return events.flatMap((event) => (event?.kind === "lifecycle" ? event.state : []));
};

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

/** A server of the legacy era whose answers to some methods are given, the rest being as should be. */
const legacyServer = (more: { readonly onProbe?: string; readonly onTerm?: string }, spec: Partial<ServerSpec>) =>
  TestFleet.spec(
    `import { createInterface } from "node:readline";
    process.on("SIGTERM", () => { ${more.onTerm ?? "process.exit(0)"} });
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === "") continue;
      const { id, method } = JSON.parse(line);
      const reply = (result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
      const info = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s", version: "1" } };
      if (method === "server/discover") { ${more.onProbe ?? "reply({})"} }
      else if (method === "initialize") reply(info);
      else if (id !== undefined) reply({ content: [] });
    }`,
    spec,
  );

describe("A container that somebody made with a terminal", () => {
  it("is FAILED, and says why once; Stop removes it, and the others are adopted", async () => {
    await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs") });
    await open.fleet.start("b", { spec: TestFleet.spec("hostile.mjs") });
    const { Name, Config, HostConfig } = await containerOf("a").inspect();
    await open.fleet.close({ drainMs: 0 });
    await open.engine.docker.getContainer(Name.slice(1)).remove({ force: true });
    const made = await open.engine.docker.createContainer({ ...Config, HostConfig, Tty: true, name: Name.slice(1) });
    await made.start();
    await open.boot();
    const failed = { state: "failed", failure: { details: { reason: "ATTACH_FAILED" } } };
    expect(get("a")).toMatchObject(failed);
    expect(get("b").state).toBe("ready");
    await rounds(2);
    expect(lifecycleOf("a")).toEqual(["failed"]);
    await expect(open.fleet.start("a", {})).rejects.toMatchObject({ details: { reason: "ATTACH_FAILED" } });
    await open.fleet.stop("a", { graceMs: 0 });
    expect((await open.engine.runtime.list({})).map(({ server }) => server)).toEqual(["b"]);
  });
});

describe("An idle server that ends slowly when its manager is killed", () => {
  it.each([
    ["answers until then", "setTimeout(() => process.exit(0), 2500)"],
    ["reads no more", "process.stdin.pause(); setTimeout(() => process.exit(0), 2500)"],
  ])("and %s is IDLE for the next one, and not FAILED", async (_how, onTerm) => {
    const idle = { idleTimeoutMs: 3000, restart: { policy: "never" } } as const;
    await open.fleet.start("i", { spec: legacyServer({ onTerm }, idle) });
    const container = containerOf("i");
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
    await open.reboot();
    await expect.poll(async () => (await container.inspect()).State.Status, { timeout }).toBe("exited");
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
    expect(lifecycleOf("i")).not.toContain("failed");
  });
});

describe("An idle server that is slow to end", () => {
  const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs", "--ignore-term"], idleTimeoutMs: 100 });

  it("does not hold up the manager's own end", async () => {
    await open.fleet.start("i", { spec });
    const container = containerOf("i");
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
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
  const idleThenCalled = async (spec: ServerSpec) => {
    const stopping = Promise.withResolvers<void>();
    graces.length = 0;
    open.faults.stop = (id, options) => {
      graces.push(options.graceMs);
      stopping.resolve();
      return open.engine.runtime.stop(id, options);
    };
    await open.fleet.start("i", { spec });
    await stopping.promise;
    return open.fleet.call("i", {
      callerHasDeadline: true,
      work: ({ session }) => session.callTool({ tool: "echo" }, {}),
    });
  };

  it("has it killed when it does not heed SIGTERM", async () => {
    const args = ["hostile.mjs", "--ignore-term"];
    const { isError } = await idleThenCalled(TestFleet.spec("hostile.mjs", { args, idleTimeoutMs: 500 }));
    expect({ isError, graces: graces.slice(0, 2) }).toEqual({ isError: false, graces: [expect.any(Number), 0] });
  });

  it("waits for what it does before it exits", async () => {
    const onTerm = "setTimeout(() => { console.error('saved'); process.exit(0); }, 300)";
    await idleThenCalled(legacyServer({ onTerm }, { idleTimeoutMs: 500 }));
    expect(graces).not.toContain(0);
    expect(open.fleet.log("i").stderrTail(0, 100)).toContain("saved");
  });
});

describe("A server that stops when idle and exits just after it was taken over", () => {
  it("is started again for who follows one of its resources, and tells that something may have been missed", async () => {
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs", "--offers"], idleTimeoutMs: 60_000 });
    await open.fleet.start("i", { spec });
    await open.boot();
    using subscription = open.fleet.follow("i", "mem://note");
    await open.fleet.call("i", { callerHasDeadline: true, work: (seat) => subscription.take(seat) });
    const changed = subscription.subscriber.changed();
    await containerOf("i").kill({ signal: "SIGTERM" });
    await changed;
    expect(subscription.subscriber.takeUpdate()).toMatchObject({ uri: "mem://note" });
    expect(get("i").state).toBe("ready");
  });

  it("because it was killed follows its restart policy", async () => {
    const restart = { policy: "never" } as const;
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs"], idleTimeoutMs: 60_000, restart });
    await open.fleet.start("i", { spec });
    await open.boot();
    await containerOf("i").kill();
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
      work: ({ session }, signal) => session.callTool({ tool: "exit", argumentsJson: '{"code":3}' }, { signal }),
    });
    await expect(crash).rejects.toMatchObject({ details: { reason: "SERVER_EXITED", exitCode: 3 } });
    await expect.poll(() => get("i"), { timeout }).toMatchObject({ state, restartCount: restarts });
    expect(get("i").failure?.details).toMatchObject({ reason: "SERVER_EXITED", exitCode: 3 });
    expect(lifecycleOf("i")).not.toContain("idle");
  });

  it("follows its restart policy when it exits once more", async () => {
    const restart = { policy: "never" } as const;
    const spec = TestFleet.spec("hostile.mjs", { args: ["hostile.mjs"], idleTimeoutMs: 60_000, restart });
    await open.fleet.start("i", { spec });
    await open.boot();
    await containerOf("i").kill({ signal: "SIGTERM" });
    await expect.poll(() => get("i").state, { timeout }).toBe("idle");
    await open.fleet.start("i", {});
    await containerOf("i").kill({ signal: "SIGTERM" });
    await expect.poll(() => get("i").state, { timeout }).toBe("failed");
  });
});

describe("A server that hangs when it is found at boot", () => {
  const hangs = async (health: HealthSpec) => {
    const spec = TestFleet.spec("hostile.mjs", { health, handshakeTimeoutMs: 500, restart: { initialBackoffMs: 10 } });
    await open.fleet.start("h", { spec });
    await open.fleet.call("h", {
      callerHasDeadline: true,
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
    const tries = () => lifecycleOf("h").filter((state) => state === "backing_off").length;
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
    open.faults.start = engineDown;
    await expect(open.fleet.start("a", { spec })).rejects.toMatchObject({ kind: "unavailable" });
    expect(get("a").state).toBe("failed");
    delete open.faults.start;
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

describe("A name that could not be taken", () => {
  it("when a replacement was over is taken at the next look", async () => {
    open.faults.takeName = engineDown;
    await open.fleet.start("r", { spec: TestFleet.spec("hostile.mjs", { args: ["hostile.mjs", "--exit-on-probe"] }) });
    const nameNow = async () => (await containerOf("r").inspect()).Name;
    expect(await nameNow()).toMatch(/\.r\.next$/);
    delete open.faults.takeName;
    await expect.poll(nameNow, { timeout }).toMatch(/\.r$/);
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
