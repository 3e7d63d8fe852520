import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { engineDown, OpenFleet } from "../open-fleet.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet();
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

const spec = TestFleet.spec("hostile.mjs", { restart: { policy: "never" } });
const shown = () => {
  const { state, instances } = open.fleet.get("a");
  return { state, container: instances[0]?.record };
};

async function reaches(state: string): Promise<void> {
  for (;;) {
    const changed = open.fleet.changes.wait();
    if (open.fleet.list().some((server) => server.state === state)) return;
    await changed;
  }
}

describe("The container of a server", () => {
  it("is shown as exited between the two processes of a Restart, and then as running", async () => {
    const { instances } = await open.fleet.start("a", { spec });
    const starting = Promise.withResolvers<void>();
    const start = Promise.withResolvers<void>();
    open.faults.run = async (id, sink, options) => {
      starting.resolve();
      await start.promise;
      return open.engine.runtime.run(id, sink, options);
    };
    const restarting = open.fleet.restart("a", { graceMs: 0 });
    await starting.promise;
    const between = shown();
    start.resolve();
    expect(between).toMatchObject({ state: "creating", container: { state: "exited", exit: { exitCode: 137 } } });
    await reaches("handshaking");
    const { container } = shown();
    expect(container).toMatchObject({ state: "running" });
    expect(container?.exit).toBeUndefined();
    expect(container?.startTimeMs).not.toBe(instances[0]?.record.startTimeMs);
    await restarting;
  });

  it("is shown as exited when a Restart could not start it again", async () => {
    await open.fleet.start("a", { spec });
    open.faults.run = engineDown;
    await expect(open.fleet.restart("a", { graceMs: 0 })).rejects.toMatchObject({ kind: "unavailable" });
    expect(shown()).toMatchObject({ state: "failed", container: { state: "exited", exit: { exitCode: 137 } } });
  });

  it("is shown with how it ended when its new process does not finish the handshake", async () => {
    await open.fleet.start("a", { spec });
    open.faults.run = async (id, sink, options) => {
      const attachment = await open.engine.runtime.run(id, sink, options);
      await open.engine.runtime.stop(id, { graceMs: 0 });
      return attachment;
    };
    const { instances } = open.fleet.get("a");
    await expect(open.fleet.restart("a", { graceMs: 10_000 })).rejects.toMatchObject({
      details: { reason: "SERVER_EXITED", exitCode: 137 },
    });
    const { container } = shown();
    expect(container).toMatchObject({ state: "exited", exit: { exitCode: 137 } });
    expect(container?.startTimeMs).not.toBe(instances[0]?.record.startTimeMs);
  });

  it("is shown as running while its first process shakes hands", async () => {
    const starting = open.fleet.start("a", { spec });
    await reaches("handshaking");
    expect(shown().container).toMatchObject({ state: "running" });
    await starting;
  });
});
