import { describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import type { Session } from "../../../src/mcp/session.ts";
import { aCaller } from "../a-caller.ts";
import { OpenFleet } from "../open-fleet.ts";
import { applyOnce } from "./apply-once.ts";
import { Callers, callOf } from "./callers.ts";

const spec: ServerSpec = {
  image: "mcpm-test/servers:latest",
  args: ["hostile.mjs", "--offers"],
  pullPolicy: "never",
  restart: { policy: "never" },
};
const changed: ServerSpec = { ...spec, env: { A: "1" } };
const bad: ServerSpec = { ...spec, args: ["hostile.mjs", "--exit", "3"] };
/** It runs, and does not reply. */
const mute: ServerSpec = { ...spec, args: ["hostile.mjs", "--silent"] };

const ways = ["rolling", "recreate"] as const;
const instanceOf = (open: OpenFleet) => open.fleet.get("a").instances[0]?.record.instance;

async function opened(): Promise<OpenFleet> {
  const open = new OpenFleet();
  await open.boot();
  await applyOnce(open, "a", { spec });
  return open;
}

/** A call that the server answers when it is told to. */
async function heldCall({ fleet }: OpenFleet) {
  const taken = Promise.withResolvers<Session>();
  const done = fleet.call("a", {
    callerHasDeadline: false,
    caller: aCaller,
    work: async ({ session, instance }, signal) => {
      const result = session.callTool({ tool: "hold", argumentsJson: '{"text":"held"}' }, { signal });
      taken.resolve(session);
      return { json: (await result).json, instance };
    },
  });
  const session = await taken.promise;
  // Whether this call itself is answered does not matter: the process may be told to end before.
  return { done, release: () => session.callTool({ tool: "release" }, {}).catch(() => {}) };
}

/** The containers of the fleet that are left when all is settled. */
const left = (open: OpenFleet) =>
  open.engine.runtime.list({}).then((all) => all.map(({ mark, state }) => ({ mark, state })));
const settled = { timeout: 20_000 };

describe.each(ways)("Over a change (%s)", (update) => {
  it("every call of callers who never pause gets its result, those in flight from the old container", async () => {
    await using open = await opened();
    const old = instanceOf(open);
    const held = await heldCall(open);
    const callers = new Callers(open, "a");
    const applied = applyOnce(open, "a", { spec: changed, update });
    if (update === "recreate") {
      await expect.poll(() => open.fleet.get("a").callsQueued, settled).toBe(4);
      await held.release();
    } else {
      await applied;
      await expect.poll(() => callers.instances.size, settled).toBe(2);
      expect(await left(open)).toHaveLength(2);
      await held.release();
    }
    expect(await held.done).toMatchObject({ json: expect.stringContaining("held"), instance: old });
    expect((await applied).at(-1)).toMatchObject({ changed: 1, failed: 0 });
    await expect.poll(() => callers.instances.size, settled).toBe(2);
    await callers.end();
    expect(callers.failures).toEqual([]);
    expect(callers.answered).toBe(callers.sent);
    expect(callers.instances).toEqual(new Set([old, instanceOf(open)]));
    await expect.poll(() => left(open), settled).toEqual([{ mark: "none", state: "running" }]);
  });

  it("that does not come up, every call gets its result from the container that was there", async () => {
    await using open = await opened();
    const old = instanceOf(open);
    const callers = new Callers(open, "a");
    const events = await applyOnce(open, "a", { spec: bad, update });
    expect(events.at(-1)).toMatchObject({ failed: 1 });
    await callers.end();
    expect(callers.failures).toEqual([]);
    expect(callers.answered).toBe(callers.sent);
    expect(callers.instances).toEqual(new Set([old]));
    expect(await left(open)).toEqual([{ mark: "none", state: "running" }]);
  });
});

/** An update that is under way for as long as nobody ends it: the new container runs, and does not reply. */
function stuckUpdate(open: OpenFleet, update: (typeof ways)[number]) {
  const started = Promise.withResolvers<void>();
  open.faults.run = async (id, sink, options) => {
    const attachment = await open.engine.runtime.run(id, sink, options);
    started.resolve();
    delete open.faults.run;
    return attachment;
  };
  const applied = applyOnce(open, "a", { spec: { ...mute, handshakeTimeoutMs: 50_000 }, update });
  return { started: started.promise, applied };
}

describe.each(ways)("In the middle of an update (%s)", (update) => {
  it("a Stop ends it, and tells each call that gets no result what became of it", async () => {
    await using open = await opened();
    const callers = new Callers(open, "a");
    const { started, applied } = stuckUpdate(open, update);
    await started;
    expect(await open.fleet.stop("a", { graceMs: 10_000, signal: undefined })).toBe(true);
    await callers.ended();
    expect(callers.answered + callers.failures.length).toBe(callers.sent);
    for (const { kind, details } of callers.failures) {
      expect({ kind, ...details }).toMatchObject({ reason: expect.any(String), delivery: "not_sent" });
    }
    expect(await applied).toMatchObject([{ kind: "plan" }, { error: { kind: "interrupted" } }, { failed: 1 }]);
    expect(await left(open)).toEqual([]);
    expect(open.fleet.list()).toEqual([]);
  });

  it("the manager's end lets calls in flight finish, tells those that wait, and leaves the server as it was", async () => {
    await using open = await opened();
    const old = instanceOf(open);
    const callers = new Callers(open, "a");
    const { started, applied } = stuckUpdate(open, update);
    await started;
    // Those in flight go to the old container, if it serves.
    const closed = open.fleet.close({ drainMs: 5000 });
    callers.endSoon();
    await closed;
    await callers.ended();
    expect(await applied).toMatchObject([{ kind: "plan" }, { error: { details: { reason: "MANAGER_STOPPING" } } }, {}]);
    expect(callers.answered + callers.failures.length).toBe(callers.sent);
    for (const { kind, details } of callers.failures) {
      expect({ kind, ...details }).toMatchObject({ reason: "MANAGER_STOPPING", delivery: "not_sent" });
    }
    await open.boot();
    expect(open.fleet.get("a")).toMatchObject({ state: "ready", spec });
    expect(instanceOf(open)).toBe(old);
    await expect.poll(() => left(open), settled).toEqual([{ mark: "none", state: "running" }]);
    await callOf(open, "a", { tool: "echo" });
  });
});

describe.each(ways)("After a change (%s) the server", (update) => {
  it("has its log, its log level, its subscriptions and its counters", async () => {
    await using open = await opened();
    const old = instanceOf(open);
    const level = { callerHasDeadline: true, caller: aCaller, level: "warning" } as const;
    await open.fleet.setLogLevel("a", level);
    await callOf(open, "a", {
      tool: "lines",
      argumentsJson: JSON.stringify({ lines: ["stray", '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}'] }),
    });
    await open.fleet.restart("a", { graceMs: 0, signal: undefined });
    using subscription = open.fleet.follow("a", "mem://note");
    await open.fleet.call("a", { ...level, work: (permit) => subscription.take(permit) });
    const before = open.fleet.get("a");
    expect(before).toMatchObject({ strayLines: 1, restartCount: 1 });
    const log = open.fleet.log("a");
    const told = open.eventsOf("a");

    await applyOnce(open, "a", { spec: changed, update });
    expect(instanceOf(open)).not.toBe(old);
    const after = open.fleet.get("a");
    expect(after).toMatchObject({ strayLines: 1, restartCount: 1 });
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(open.fleet.log("a")).toBe(log);
    expect(open.eventsOf("a").slice(0, told.length)).toEqual(told);
    const { json } = await callOf(open, "a", { tool: "received" });
    expect(JSON.parse(json).structuredContent.messages).toContainEqual(
      expect.objectContaining({ method: "logging/setLevel", params: { level: "warning" } }),
    );
    // What may have changed while no container had the subscription is told of once.
    await expect.poll(() => subscription.subscriber.takeUpdate(), settled).toMatchObject({ uri: "mem://note" });
    await callOf(open, "a", { tool: "touch", argumentsJson: '{"uri":"mem://note"}' });
    await expect
      .poll(() => subscription.subscriber.takeUpdate(), settled)
      .toEqual({ uri: "mem://note", instance: instanceOf(open) });
    expect(subscription.subscriber.end).toBeUndefined();
  });
});
