import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RestartPolicy, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { canRunEngine, onPrivateEngine, PrivateEngine } from "../../runtime/docker/private-engine.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { containerId, probes, startTime } from "../protocols/probes.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, TestManager } from "../test-manager.ts";

const ms = (milliseconds: number) => ({ seconds: 0n, nanos: milliseconds * 1_000_000 });
const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });
/** Ends with code 0 when it is asked to, as a tidy server does. */
const tidy = ["--import", "data:text/javascript,process.on('SIGTERM',()=>process.exit(0))", "hostile.mjs"];

describe.skipIf(!canRunEngine)(onPrivateEngine("An engine that goes away and comes back"), () => {
  let engine: PrivateEngine;
  let manager: TestManager;
  let client: ManagerClient;
  beforeAll(async () => {
    engine = await PrivateEngine.start();
    manager = await TestManager.start({}, { engine: new TestFleet({ dockerHost: engine.host }) });
    client = manager.client;
  });
  afterAll(async () => {
    await manager?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    for (const { name } of (await client.list({})).servers) await client.stop({ name, gracePeriod: seconds(0) });
  });

  const { get, until, echo, pending, handshakes, ...probe } = probes(() => client);
  const start = (name: string, policy: RestartPolicy, more = {}) =>
    probe.start(name, { ...hostileSpec(), restart: { policy }, ...more });
  const expectNoEngine = async (name: string) => {
    const { state, lastError } = await get(name);
    expect([state, lastError?.reason]).toEqual([ServerState.FAILED, "ENGINE_UNAVAILABLE"]);
    expect(errorInfo(await failureOf(echo(name)))).toMatchObject({
      code: Code.Unavailable,
      reason: "ENGINE_UNAVAILABLE",
      delivery: "not_sent",
    });
  };
  it("takes servers down with it; each comes back in its container as its restart policy says", async () => {
    const names = ["never", "on-failure", "tidy", "always"];
    await start("never", RestartPolicy.NEVER);
    const before = await start("on-failure", RestartPolicy.ON_FAILURE);
    await start("tidy", RestartPolicy.ON_FAILURE, { args: tidy });
    await start("always", RestartPolicy.ALWAYS);
    const calls = await Promise.all(names.map((name) => pending(name)));
    await engine.stop();
    for (const { lost } of calls) {
      expect(await lost).toMatchObject({ code: Code.Aborted, reason: "SERVER_EXITED", delivery: "sent" });
    }
    await until("always", ServerState.FAILED);
    await expectNoEngine("always");
    await engine.start();
    for (const name of ["on-failure", "tidy", "always"]) {
      await until(name, ServerState.READY);
      expect(await echo(name)).toBe("hi");
      expect((await get(name)).restartCount).toBe(1n);
    }
    expect(containerId(await get("on-failure"))).toBe(containerId(before));
    expect(await get("never")).toMatchObject({ state: ServerState.FAILED, lastError: { exitCode: 143 } });
  });

  it("by kill -9 does the same, though nobody saw the servers end", async () => {
    const names = ["never", "on-failure", "tidy"];
    await start("never", RestartPolicy.NEVER);
    const before = await start("on-failure", RestartPolicy.ON_FAILURE);
    await start("tidy", RestartPolicy.ON_FAILURE, { args: tidy });
    const calls = await Promise.all(names.map((name) => pending(name)));
    await engine.kill();
    for (const { lost } of calls) {
      expect(await lost).toMatchObject({ code: Code.Aborted, reason: "ENGINE_UNAVAILABLE", delivery: "sent" });
    }
    await expectNoEngine("never");
    await engine.start();
    for (const name of ["on-failure", "tidy"]) {
      await until(name, ServerState.READY);
      expect(await echo(name)).toBe("hi");
      expect((await get(name)).restartCount).toBe(1n);
    }
    expect(containerId(await get("on-failure"))).toBe(containerId(before));
    await expect.poll(async () => (await get("never")).lastError?.reason).toBe("SERVER_EXITED");
    expect((await get("never")).state).toBe(ServerState.FAILED);
  });

  describe("with live-restore", () => {
    beforeAll(async () => {
      await engine.stop();
      await engine.start({ liveRestore: true });
    });
    afterAll(async () => {
      await engine.stop();
      await engine.start();
    });

    it.each(["stop", "kill"] as const)(
      "by a %s loses the calls under way and nothing else: same process, no second handshake",
      async (how) => {
        const before = await start("a", RestartPolicy.NEVER);
        const call = await pending("a");
        await engine[how]();
        expect(await call.lost).toMatchObject({
          code: Code.Aborted,
          reason: "ENGINE_UNAVAILABLE",
          delivery: "sent",
          server: "a",
        });
        await expectNoEngine("a");
        await engine.start({ liveRestore: true });
        await until("a", ServerState.READY);
        expect(await handshakes("a")).toBe(1);
        const after = await get("a");
        expect(after.restartCount).toBe(0n);
        expect([containerId(after), startTime(after)]).toEqual([containerId(before), startTime(before)]);
      },
    );
  });

  it("frozen for a while loses nothing: calls wait as long as they may, and are answered when it goes on", async () => {
    const health = { interval: ms(100), timeout: ms(100), failureThreshold: 2, killUnhealthy: true };
    const before = await start("a", RestartPolicy.NEVER, { health });
    await start("b", RestartPolicy.NEVER, { callTimeout: ms(500) });
    await expect.poll(async () => (await get("a")).instances[0]?.health?.answerTime).toBeDefined();
    await engine.freeze();
    const waits = echo("a");
    const failure = await failureOf(echo("b"));
    expect(errorInfo(failure)).toMatchObject({ code: Code.DeadlineExceeded, delivery: "sent" });
    expect((await fetch(`${manager.url}/ready`)).status).toBe(503);
    const { instances } = await get("a");
    expect(instances[0]).toMatchObject({ health: { healthy: true }, serverState: ServerState.READY });
    engine.thaw();
    expect(await waits).toBe("hi");
    expect(await echo("b")).toBe("hi");
    expect(await handshakes("a")).toBe(1);
    const after = await get("a");
    expect([after.restartCount, startTime(after)]).toEqual([0n, startTime(before)]);
  });
});
