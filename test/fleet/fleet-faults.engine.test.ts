import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { aCaller } from "./a-caller.ts";
import { engineDown, OpenFleet } from "./open-fleet.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet();
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

const spec = (...args: string[]) => {
  const { args: program = [], ...rest } = TestFleet.spec("hostile.mjs");
  return { ...rest, args: [...program, ...args], restart: { policy: "never" } } as const;
};
const idOf = (name: string) => open.fleet.get(name).instances[0]?.record.id ?? "";
const names = async () =>
  (await open.engine.runtime.list({})).map(({ server, state, mark }) => ({ server, state, mark }));
const echo = (name: string) =>
  open.fleet.call(name, {
    callerHasDeadline: false,
    caller: aCaller,
    work: ({ session }, signal) => session.callTool({ tool: "echo", argumentsJson: '{"text":"hi"}' }, { signal }),
  });

/** Those that the fleet opens from now on. */
function attachments(): { close(): void }[] {
  const attached: { close(): void }[] = [];
  for (const method of ["run", "attach"] as const) {
    open.faults[method] = async (id, sink, options) => {
      const attachment = await open.engine.runtime[method](id, sink, options);
      attached.push(attachment);
      return attachment;
    };
  }
  return attached;
}

/** Holds the next removal of a container until `finish`, which resolves when whoever wanted it has gone on. */
function heldRemoval(): { readonly begun: Promise<void>; finish(): Promise<void> } {
  const begun = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const removed = Promise.withResolvers<void>();
  open.faults.remove = async (id, options) => {
    delete open.faults.remove;
    begun.resolve();
    await held.promise;
    await open.engine.runtime.remove(id, options);
    removed.resolve();
  };
  const finish = async () => {
    held.resolve();
    await removed.promise;
    await setImmediate();
  };
  return { begun: begun.promise, finish };
}

/** Waits until the server's log tells of the state. */
async function reaches(name: string, state: string): Promise<void> {
  const ring = open.fleet.log(name);
  for (;;) {
    const changed = ring.changes.wait();
    if (open.fleet.get(name).state === state) return;
    await changed;
  }
}

describe("A Stop that the engine fails", () => {
  it("followed by a Start leaves a server that the next boot finds", async () => {
    await open.fleet.start("a", { spec: spec() });
    open.faults.stop = engineDown;
    await expect(open.fleet.stop("a", { graceMs: 100 })).rejects.toMatchObject({ kind: "unavailable" });
    delete open.faults.stop;
    await open.fleet.start("a", {});
    expect(await names()).toEqual([{ server: "a", state: "running", mark: "none" }]);
    await open.boot();
    expect(await echo("a")).toMatchObject({ isError: false });
  });

  it("is finished when the engine is back, not undone", async () => {
    await open.fleet.start("a", { spec: spec() });
    const ring = open.fleet.log("a");
    open.faults.stop = engineDown;
    await expect(open.fleet.stop("a", { graceMs: 100 })).rejects.toThrow();
    delete open.faults.stop;
    open.listener?.resync();
    while (!ring.closed) await ring.changes.wait();
    expect(open.fleet.list()).toEqual([]);
    expect(await names()).toEqual([]);
  });

  it("and that is being finished when a Start comes is over with that: the server is known, and has one container", async () => {
    await open.fleet.start("a", { spec: spec() });
    open.faults.stop = engineDown;
    await expect(open.fleet.stop("a", { graceMs: 100 })).rejects.toThrow();
    delete open.faults.stop;
    const finishing = heldRemoval();
    open.listener?.resync();
    await finishing.begun;
    const startsAnew = heldRemoval();
    const start = open.fleet.start("a", {});
    await startsAnew.begun;
    await finishing.finish();
    await startsAnew.finish();
    expect((await start).state).toBe("ready");
    expect(await echo("a")).toMatchObject({ isError: false });
    expect(await names()).toEqual([{ server: "a", state: "running", mark: "none" }]);
  });
});

describe("A first Start that fails", () => {
  it("and can't remove its container keeps the name until a Stop has removed it", async () => {
    open.faults.remove = engineDown;
    await expect(open.fleet.start("a", { spec: spec("--exit", "1") })).rejects.toMatchObject({ kind: "not_running" });
    expect(open.fleet.get("a").state).toBe("failed");
    delete open.faults.remove;
    expect(await open.fleet.stop("a", { graceMs: 0 })).toBe(true);
    expect(await names()).toEqual([]);
  });

  it.each([1, 2])("and can't remove its containers frees the name when the next has (copies: %d)", async (replicas) => {
    const refused = { kind: "not_running", details: { reason: "START_FAILED", delivery: "not_sent" } } as const;
    const { kind, details } = refused;
    open.faults.run = () => Promise.reject(new ManagerError(kind, "the engine refuses", { details }));
    open.faults.remove = engineDown;
    await expect(open.fleet.start("a", { spec: { ...spec(), replicas } })).rejects.toMatchObject(refused);
    expect(await names()).toHaveLength(replicas);
    delete open.faults.remove;
    await expect(open.fleet.start("a", {})).rejects.toMatchObject(refused);
    expect(open.fleet.list()).toEqual([]);
    expect(await names()).toEqual([]);
  });
});

describe("An attachment that is lost while the container lives", () => {
  it("is opened again, without another handshake", async () => {
    const attached = attachments();
    await open.fleet.start("a", { spec: spec() });
    const { mcp } = open.fleet.get("a");
    attached[0]?.close();
    await reaches("a", "handshaking");
    await reaches("a", "ready");
    expect(attached).toHaveLength(2);
    expect(open.fleet.get("a").mcp).toBe(mcp);
    const { json } = await open.fleet.call("a", {
      callerHasDeadline: false,
      caller: aCaller,
      work: ({ session }, signal) => session.callTool({ tool: "received" }, { signal }),
    });
    expect(json.match(/"initialize"/g)).toHaveLength(1);
  });

  it("takes the subscriptions along: the server tells of a resource once", async () => {
    const attached = attachments();
    await open.fleet.start("a", { spec: TestFleet.spec("modern.mjs", { args: ["modern.mjs", "--offers"] }) });
    using subscription = open.fleet.follow("a", "mem://note");
    await open.fleet.call("a", {
      callerHasDeadline: true,
      caller: aCaller,
      work: (permit) => subscription.take(permit),
    });
    const again = subscription.subscriber.changes.wait();
    attached[0]?.close();
    await again;
    const { json } = await open.fleet.call("a", {
      callerHasDeadline: true,
      caller: aCaller,
      work: ({ session }) => session.callTool({ tool: "touch", argumentsJson: '{"uri":"mem://note"}' }, {}),
    });
    expect(json).toContain('"text":"1"');
  });

  it("and dies while it is opened again is FAILED with its exit code", async () => {
    open.faults.run = async (id, sink, options) => {
      const attachment = await open.engine.runtime.run(id, sink, options);
      queueMicrotask(() => first.resolve(attachment));
      return attachment;
    };
    open.faults.attach = async (id, sink, options) => {
      await open.engine.runtime.stop(id, { graceMs: 0 });
      return open.engine.runtime.attach(id, sink, options);
    };
    const first = Promise.withResolvers<{ close(): void }>();
    await open.fleet.start("a", { spec: spec() });
    (await first.promise).close();
    await reaches("a", "failed");
    expect(open.fleet.get("a").failure?.details).toMatchObject({ reason: "SERVER_EXITED", exitCode: 137 });
  });
});

describe("A late exit event of the process before", () => {
  it("does not harm the calls of the process that runs", async () => {
    await open.fleet.start("a", { spec: spec() });
    const pending = open.fleet.call("a", {
      callerHasDeadline: false,
      caller: aCaller,
      work: ({ session }, signal) =>
        session.callTool({ tool: "sleep", argumentsJson: '{"ms":1500,"text":"unharmed"}' }, { signal }),
    });
    open.listener?.exit(idOf("a"), { exitCode: 1, oomKilled: false });
    expect((await pending).json).toContain("unharmed");
    expect(open.fleet.get("a").state).toBe("ready");
  });
});

describe("A second Stop", () => {
  it("with no grace hurries the one under way", async () => {
    await open.fleet.start("a", { spec: spec("--ignore-term") });
    const slow = open.fleet.stop("a", { graceMs: 3_600_000 });
    await reaches("a", "draining");
    await open.fleet.stop("a", { graceMs: 0 });
    expect(await slow).toBe(true);
    expect(await names()).toEqual([]);
  });
});

describe("One container that makes trouble", () => {
  it("at boot does not keep the manager from the others", async () => {
    await open.fleet.start("a", { spec: spec() });
    await open.engine.create(spec(), "b");
    open.faults.remove = engineDown;
    await open.boot();
    expect(await echo("a")).toMatchObject({ isError: false });
    delete open.faults.remove;
  });
});

describe("Calls that a Stop ends", () => {
  it("say so", async () => {
    await open.fleet.start("a", { spec: spec() });
    const call = open.fleet.call("a", {
      callerHasDeadline: false,
      caller: aCaller,
      work: ({ session }, signal) => session.callTool({ tool: "never" }, { signal }),
    });
    const stopped = open.fleet.stop("a", { graceMs: 200 });
    await expect(call).rejects.toMatchObject({
      kind: "call_lost",
      details: { reason: "SERVER_STOPPED", delivery: "sent" },
    });
    await stopped;
  });
});

describe("Calls that wait when the manager shuts down", () => {
  it("are UNAVAILABLE, not sent", async () => {
    const start = open.fleet.start("a", { spec: spec("--silent") });
    start.catch(() => {});
    await expect.poll(() => open.fleet.list()).toHaveLength(1);
    const call = echo("a");
    const closed = open.fleet.close({ drainMs: 0 });
    await expect(call).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "MANAGER_STOPPING", delivery: "not_sent" },
    });
    await closed;
    await expect(start).rejects.toThrow();
    await expect(open.fleet.start("b", { spec: spec() })).rejects.toMatchObject({
      details: { reason: "MANAGER_STOPPING" },
    });
  });
});

describe("A call made after the attachment ended", () => {
  it("was not sent, and says so", async () => {
    await open.fleet.start("a", { spec: spec() });
    const { runtime } = open.engine;
    // Only the attachment tells for now: the engine's own word comes late.
    open.faults.inspect = async (id, options) => {
      await late.promise;
      return runtime.inspect(id, options);
    };
    const late = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await open.fleet.call("a", {
      callerHasDeadline: false,
      caller: aCaller,
      work: async ({ session }) => {
        const { end } = session.sink;
        session.sink.end = (error) => {
          end(error);
          ended.resolve();
        };
      },
    });
    await runtime.stop(idOf("a"), { graceMs: 0 });
    await ended.promise;
    const call = echo("a");
    late.resolve();
    await expect(call).rejects.toMatchObject({ details: { delivery: "not_sent" } });
  });
});

describe("A listing that the engine takes long for", () => {
  it("does not undo what came of a look after it was asked for", async () => {
    await open.fleet.start("a", { spec: spec() });
    const container = open.containerOf("a");
    const stateOf = () => open.fleet.get("a").instances[0]?.record.state;
    const listed = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    open.faults.list = async (options) => {
      const records = await open.engine.runtime.list(options);
      listed.resolve();
      await held.promise;
      return records;
    };
    await container.pause();
    await expect.poll(stateOf).toBe("paused");
    open.listener?.resync();
    await listed.promise;
    await container.unpause();
    await expect.poll(stateOf).toBe("running");
    held.resolve();
    await setImmediate();
    expect(stateOf()).toBe("running");
  });
});
