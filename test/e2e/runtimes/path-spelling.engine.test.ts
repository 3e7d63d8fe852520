import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { MountType } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { Recorder } from "../../runtime/recorder.ts";
import { errorInfo, failureOf, hostileSpec, TestManager } from "../test-manager.ts";

const mountedAt = (target: string) => ({
  ...hostileSpec(),
  workingDir: "//srv/.",
  mounts: [{ type: MountType.TMPFS, target }],
});

describe("A server whose paths are spelled in another way", () => {
  it("is the same server, also for the next manager and for one that finds the spelling of an older one", async () => {
    const engine = new TestFleet();
    // As an older manager kept it.
    const mounts = [{ type: "tmpfs", target: "//tmp/." }] as const;
    const kept = TestFleet.spec("hostile.mjs", { workingDir: "/srv/", restart: { policy: "never" }, mounts });
    const { id } = await engine.runtime.create({ server: "old", instance: "i-1", replica: 0, spec: kept }, {});
    await engine.runtime.run(id, new Recorder(), {});
    await using manager = await TestManager.start({}, { engine });
    const containerOf = async (name: string, spec: ReturnType<typeof mountedAt>) =>
      (await manager.client.start({ name, spec })).server?.instances[0]?.containerId;

    expect(await containerOf("old", mountedAt("/tmp"))).toBe(id);
    const made = await containerOf("new", mountedAt("/tmp//"));
    expect(await containerOf("new", mountedAt("/./tmp"))).toBe(made);
    const { server } = await manager.client.get({ name: "new" });
    expect(server?.spec).toMatchObject({ workingDir: "/srv", mounts: [{ target: "/tmp" }] });

    await manager.shutDown();
    await manager.boot();
    expect(await containerOf("new", mountedAt("//tmp"))).toBe(made);
    const other = await failureOf(manager.client.start({ name: "new", spec: mountedAt("/tmp/x") }));
    expect(errorInfo(other)).toMatchObject({ code: Code.AlreadyExists, reason: "NAME_TAKEN" });
  });
});
