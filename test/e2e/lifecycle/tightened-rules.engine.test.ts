import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { Recorder } from "../../runtime/recorder.ts";
import { errorInfo, failureOf, hostileSpec, TestManager, textOf } from "../test-manager.ts";

/** As a manager left it that allowed longer labels. */
const labels = { long: "x".repeat(4097) };

describe("A server whose spec breaks a rule of this version", () => {
  it("is taken over in its container and answers; only a new Start with that spec is refused", async () => {
    const engine = new TestFleet();
    const spec = TestFleet.spec("hostile.mjs", { labels, restart: { policy: "never" } });
    const { id } = await engine.runtime.create({ server: "old", instance: "i-1", replica: 0, spec }, {});
    await engine.runtime.run(id, new Recorder(), {});
    await using manager = await TestManager.start({}, { engine });
    const { client } = manager;

    const input = { case: "arguments", value: { text: "still here" } } as const;
    expect(textOf(await client.callTool({ server: "old", tool: "echo", input }))).toBe("still here");
    const { server } = await client.get({ name: "old" });
    expect(server).toMatchObject({ state: ServerState.READY, instances: [{ containerId: id }] });

    const refused = await failureOf(client.start({ name: "old", spec: { ...hostileSpec(), labels } }));
    expect(errorInfo(refused)).toMatchObject({ code: Code.InvalidArgument, fields: ['spec.labels["long"]'] });
    expect((await client.start({ name: "old" })).server?.instances[0]?.containerId).toBe(id);
    expect((await client.stop({ name: "old", gracePeriod: { seconds: 0n } })).found).toBe(true);
    expect(await manager.containers()).toEqual([]);
  });
});
