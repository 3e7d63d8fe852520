import { execFileSync } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RestartPolicy, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { canRunEngine, onPrivateEngine, PrivateEngine } from "../../runtime/docker/private-engine.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { probes } from "../protocols/probes.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, TestManager } from "../test-manager.ts";

describe.skipIf(!canRunEngine)(onPrivateEngine("A disk of the engine that is full"), () => {
  let engine: PrivateEngine;
  let manager: TestManager;
  let client: ManagerClient;
  const restart = {
    policy: RestartPolicy.ON_FAILURE,
    maxRestarts: 0,
    initialBackoff: { seconds: 1n },
    maxBackoff: { seconds: 1n },
  };
  const ballast = () => path.join(engine.dataRoot, "ballast");
  const fill = () => {
    const dd = ["if=/dev/zero", `of=${ballast()}`, "bs=4k"];
    expect(() => execFileSync("dd", dd, { stdio: "pipe" })).toThrow("No space left on device");
  };
  beforeAll(async () => {
    engine = await PrivateEngine.start({ diskMiB: 600 });
    manager = await TestManager.start({}, { engine: new TestFleet({ dockerHost: engine.host }) });
    client = manager.client;
    for (const name of ["calm", "crashes", "stops"]) await client.start({ name, spec: { ...hostileSpec(), restart } });
    fill();
  });
  afterAll(async () => {
    await manager?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  const { get, call, echo } = probes(() => client);

  it("does not disturb a server that runs, nor its log", async () => {
    for (let count = 0; count < 5; count += 1) await call("calm", "large", { bytes: 1_000_000 });
    await call("calm", "stderr", { text: "still here" });
    const lines = async () => {
      const events = await Array.fromAsync(client.logs({ server: "calm" }));
      return events.flatMap(({ event }) => (event.case === "line" ? [event.value.text] : []));
    };
    await expect.poll(lines).toEqual(["still here"]);
  });

  it("makes a Start say so, which leaves nothing", async () => {
    const failure = await failureOf(client.start({ name: "new", spec: hostileSpec() }));
    expect(failure.message).toContain("no space left on device");
    expect(errorInfo(failure)).toMatchObject({
      code: Code.Unavailable,
      reason: "ENGINE_ERROR",
      delivery: "not_sent",
      server: "new",
    });
    expect((await client.list({})).servers.map(({ name }) => name)).not.toContain("new");
    expect(await manager.containers()).toHaveLength(3);
  });

  it("does not keep Stop from removing a server", async () => {
    await client.stop({ name: "stops", gracePeriod: { seconds: 1n } });
    expect((await client.list({})).servers.map(({ name }) => name)).not.toContain("stops");
    expect(await manager.containers()).toHaveLength(2);
    fill();
  });

  it("does not keep the next manager from taking over, and a server that crashes comes back when there is space", async () => {
    await manager.shutDown();
    await manager.boot();
    client = manager.client;
    await failureOf(call("crashes", "exit", { code: 3 }));
    // The little that its end has set free.
    fill();
    await expect
      .poll(async () => (await get("crashes")).lastError?.message, { timeout: 10_000 })
      .toContain("no space left on device");
    expect((await get("crashes")).state).toBe(ServerState.BACKING_OFF);
    await rm(ballast());
    await expect.poll(async () => (await get("crashes")).state, { timeout: 20_000 }).toBe(ServerState.READY);
    expect([await echo("crashes"), await echo("calm")]).toEqual(["hi", "hi"]);
    await client.start({ name: "new", spec: hostileSpec() });
  });
});
