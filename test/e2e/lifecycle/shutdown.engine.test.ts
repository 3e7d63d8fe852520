import { readdirSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ManagerProcess } from "../manager-process.ts";
import { errorInfo, failureOf, hostileSpec, TestManager, textOf } from "../test-manager.ts";

describe("A manager that shuts down", () => {
  it("lets calls under way finish, ends Logs with UNAVAILABLE, and leaves the containers", async () => {
    await using manager = await TestManager.start({ MCPM_SHUTDOWN_GRACE_MS: "5000" });
    const { client } = manager;
    await client.start({ name: "h", spec: hostileSpec() });
    const logs = failureOf(Array.fromAsync(client.logs({ server: "h", follow: true })));
    const value = { ms: 500, text: "finished" };
    const call = client.callTool({ server: "h", tool: "sleep", input: { case: "arguments", value } });
    while ((await client.get({ name: "h" })).server?.callsInFlight === 0n);
    const before = await manager.containers();
    await manager.shutDown();
    expect(textOf(await call)).toBe("finished");
    expect(errorInfo(await logs)).toMatchObject({ code: Code.Unavailable, reason: "MANAGER_STOPPING" });
    expect(await manager.containers()).toEqual(before);
    await manager.boot();
    expect((await manager.client.callTool({ server: "h", tool: "echo" })).isError).toBe(false);
  });

  it("fails calls that do not finish in time: ABORTED, sent", async () => {
    await using manager = await TestManager.start({ MCPM_SHUTDOWN_GRACE_MS: "200" });
    const { client } = manager;
    await client.start({ name: "h", spec: hostileSpec() });
    const call = failureOf(client.callTool({ server: "h", tool: "never" }));
    while ((await client.get({ name: "h" })).server?.callsInFlight === 0n);
    await manager.shutDown();
    expect(errorInfo(await call)).toMatchObject({ code: Code.Aborted, reason: "MANAGER_STOPPING", delivery: "sent" });
  });

  it("during a first start takes the container back", async () => {
    await using manager = await TestManager.start();
    const start = failureOf(manager.client.start({ name: "h", spec: hostileSpec("--silent") }));
    while ((await manager.client.list({})).servers[0]?.instances.length !== 1);
    await manager.shutDown();
    expect((await start).code).toBe(Code.Unavailable);
    expect(await manager.containers()).toEqual([]);
  });

  it("by SIGTERM ends with 0", async () => {
    await using manager = await TestManager.start();
    await using process = await ManagerProcess.start(`${manager.engine.fleet}-x`);
    expect(await process.kill("SIGTERM")).toBe(0);
  });

  it("whose engine does not answer does not start, and says why", async () => {
    const start = ManagerProcess.start("nowhere", { DOCKER_HOST: "unix:///nowhere/docker.sock" });
    await expect(start).rejects.toThrow(/engine/);
  });
});

describe("A manager whose port is taken", () => {
  it("does not start, and names the setting", async () => {
    await using manager = await TestManager.start();
    const start = ManagerProcess.start(`${manager.fleet}-x`, { MCPM_PORT: String(manager.app.port) });
    await expect(start).rejects.toThrow(/MCPM_PORT/);
  });
});

describe("Starts and stops", () => {
  it("leave no container, volume or open file behind", async () => {
    await using manager = await TestManager.start();
    const { client } = manager;
    const cycle = async () => {
      await client.start({ name: "h", spec: hostileSpec() });
      await client.callTool({ server: "h", tool: "echo" });
      await client.stop({ name: "h" });
    };
    await cycle();
    const before = openFiles();
    for (let round = 0; round < 10; round += 1) await cycle();
    expect(await manager.containers()).toEqual([]);
    // The manager's own says that it has the fleet.
    expect(await manager.engine.volumes()).toEqual([`mcpm-owner.${manager.fleet}.1`]);
    // Idle keep-alive connections to the engine come and go; a leak would be one a round.
    expect(openFiles()).toBeLessThan(before + 5);
  });
});

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}
