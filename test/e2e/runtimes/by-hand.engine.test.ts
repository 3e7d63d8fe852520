import type { Duplex } from "node:stream";
import { Code } from "@connectrpc/connect";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InstanceState, RestartPolicy, type Server, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { containerId, probes, startTime } from "../protocols/probes.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, randomName, TestManager } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager?.[Symbol.asyncDispose]());

const ms = (milliseconds: number) => ({ seconds: 0n, nanos: milliseconds * 1_000_000 });
const { get, until, untilShown, untilHealthy, call, echo, pending, handshakes, ...probe } = probes(() => client);

async function started(policy: RestartPolicy, more = {}) {
  const name = randomName();
  const server = await probe.start(name, { ...hostileSpec(), restart: { policy }, ...more });
  return { name, server, container: manager.engine.docker.getContainer(containerId(server)) };
}

interface Deed {
  readonly command: string;
  readonly exitCode: string;
  readonly act: (container: Docker.Container) => Promise<unknown>;
  /** Whether its container is there, and stopped, afterwards. */
  readonly leaves: "stopped" | "running" | "nothing";
}

const deeds: readonly Deed[] = [
  { command: "kill", exitCode: "137", act: (container) => container.kill(), leaves: "stopped" },
  { command: "stop", exitCode: "143", act: (container) => container.stop(), leaves: "stopped" },
  { command: "restart", exitCode: "143", act: (container) => container.restart(), leaves: "running" },
  { command: "rm -f", exitCode: "137", act: (container) => container.remove({ force: true }), leaves: "nothing" },
];

describe.each(deeds)("docker $command behind the manager's back", ({ exitCode, act, leaves }) => {
  it.each(["NEVER", "ON_FAILURE", "ALWAYS"] as const)("with the restart policy %s", async (policy) => {
    const { name, server, container } = await started(RestartPolicy[policy]);
    const { lost } = await pending(name);
    await act(container);
    expect(await lost).toMatchObject({
      code: Code.Aborted,
      reason: "SERVER_EXITED",
      exit_code: exitCode,
      delivery: "sent",
    });
    if (policy === "NEVER" && leaves !== "running") {
      await until(name, ServerState.FAILED);
      expect(errorInfo(await failureOf(echo(name)))).toMatchObject({
        code: Code.FailedPrecondition,
        reason: "SERVER_FAILED",
        delivery: "not_sent",
      });
      return;
    }
    await expect.poll(() => echo(name).catch(String), { timeout: 10_000 }).toBe("hi");
    const after = await get(name);
    expect(await handshakes(name)).toBe(1);
    expect(containerId(after) === containerId(server)).toBe(leaves !== "nothing");
    expect(startTime(after)).not.toEqual(startTime(server));
    expect(after.instances).toHaveLength(1);
  });
});

describe("docker pause behind the manager's back", () => {
  const health = { interval: ms(100), timeout: ms(100), failureThreshold: 1, killUnhealthy: true };

  it("lets calls wait until their deadline; the server is not taken for a wedged one, and goes on after unpause", async () => {
    const { name, server, container } = await started(RestartPolicy.ALWAYS, { health, callTimeout: ms(700) });
    await container.pause();
    await untilShown(name, InstanceState.PAUSED);
    expect(errorInfo(await failureOf(echo(name)))).toMatchObject({ code: Code.DeadlineExceeded, delivery: "sent" });
    expect(await get(name)).toMatchObject({ state: ServerState.READY, instances: [{ health: { healthy: true } }] });
    await container.unpause();
    await untilShown(name, InstanceState.RUNNING);
    expect(await echo(name)).toBe("hi");
    expect(startTime(await get(name))).toEqual(startTime(server));
  });

  it("does not keep Restart from starting it again", async () => {
    const { name, server, container } = await started(RestartPolicy.NEVER);
    await container.pause();
    await untilShown(name, InstanceState.PAUSED);
    await client.restart({ name, gracePeriod: ms(100) });
    expect(await echo(name)).toBe("hi");
    await untilShown(name, InstanceState.RUNNING);
    const after = await get(name);
    expect([containerId(after), after.restartCount]).toEqual([containerId(server), 1n]);
  });

  it("does not keep Stop from removing it", async () => {
    const { name, server, container } = await started(RestartPolicy.ALWAYS);
    await container.pause();
    await untilShown(name, InstanceState.PAUSED);
    await client.stop({ name, gracePeriod: ms(100) });
    expect(await manager.containers()).not.toContain(containerId(server));
  });

  it("before the manager boots leaves it FAILED until it is unpaused", async () => {
    await using own = await TestManager.start();
    const { server } = await own.client.start({ name: "a", spec: hostileSpec() });
    await own.shutDown();
    const container = own.engine.docker.getContainer(containerId(server as Server));
    await container.pause();
    await own.boot();
    const found = async () => (await own.client.get({ name: "a" })).server;
    expect(await found()).toMatchObject({ state: ServerState.FAILED, lastError: { reason: "CONTAINER_PAUSED" } });
    await container.unpause();
    await expect.poll(async () => (await found())?.state).toBe(ServerState.READY);
  });
});

describe("A forgotten docker attach", () => {
  const health = { interval: ms(100), timeout: ms(200), failureThreshold: 2 };
  /** As a terminal that was stopped by Ctrl-S: it takes output and never reads it. */
  const forget = async (container: Docker.Container) => {
    const attached = (await container.attach({ stream: true, stdout: true, stderr: true })) as unknown as Duplex;
    attached.pause();
    return { [Symbol.dispose]: () => void attached.destroy() };
  };
  /** Calls with large results until the stalled reader has filled what lies between. */
  const fill = async (name: string, callTool = call) => {
    for (let count = 0; count < 50; count += 1) {
      const failure = await callTool(name, "large", { bytes: 1_000_000 }).then(() => undefined, errorInfo);
      if (failure !== undefined) return failure;
    }
    throw new Error("50 MB went through");
  };

  it("that does not read stalls the server, which health checks show; it goes on when that is gone", async () => {
    const { name, container } = await started(RestartPolicy.NEVER, { health, callTimeout: ms(900) });
    using forgotten = await forget(container);
    expect(await fill(name)).toMatchObject({ code: Code.DeadlineExceeded, delivery: "sent" });
    await untilHealthy(name, false);
    expect((await get(name)).state).toBe(ServerState.READY);
    forgotten[Symbol.dispose]();
    await untilHealthy(name, true);
    expect(await echo(name)).toBe("hi");
    expect(await handshakes(name)).toBe(1);
  });

  it("that does not read keeps a server that is killed for it from its next start until that is gone", async () => {
    const more = { health: { ...health, killUnhealthy: true }, callTimeout: { seconds: 20n } };
    const { name, server, container } = await started(RestartPolicy.ON_FAILURE, more);
    using forgotten = await forget(container);
    expect((await fill(name)).code).not.toBe(Code.DeadlineExceeded);
    forgotten[Symbol.dispose]();
    await expect.poll(() => echo(name).catch(String), { timeout: 20_000 }).toBe("hi");
    const after = await get(name);
    expect([containerId(after), after.restartCount]).toEqual([containerId(server), 1n]);
  });

  it("that does not read holds up a Stop until that is gone", async () => {
    const { name, server, container } = await started(RestartPolicy.NEVER, { callTimeout: ms(900) });
    using forgotten = await forget(container);
    await fill(name);
    const left = await failureOf(client.stop({ name, gracePeriod: ms(100) }, { timeoutMs: 2_000 }));
    expect(left.code).toBe(Code.DeadlineExceeded);
    expect((await get(name)).state).toBe(ServerState.DRAINING);
    forgotten[Symbol.dispose]();
    await client.stop({ name });
    expect(await manager.containers()).not.toContain(containerId(server));
  });

  it("that holds up a server that was killed does not keep the next manager from the others; that one follows", async () => {
    await using own = await TestManager.start();
    const onOwn = probes(() => own.client);
    const restart = { policy: RestartPolicy.ON_FAILURE };
    const server = await onOwn.start("stalled", { ...hostileSpec(), restart, callTimeout: ms(900) });
    await onOwn.start("well", hostileSpec());
    const container = own.engine.docker.getContainer(containerId(server));
    using forgotten = await forget(container);
    await fill("stalled", onOwn.call);
    await own.shutDown();
    const killed = container.kill().catch(() => {});
    await own.boot();
    expect(await onOwn.echo("well")).toBe("hi");
    forgotten[Symbol.dispose]();
    await killed;
    const echoed = () => onOwn.echo("stalled").catch(String);
    await expect.poll(echoed, { timeout: 40_000 }).toBe("hi");
  });

  it("that types half a line spoils the next request, which gets its deadline; the one after that is well", async () => {
    const { name, container } = await started(RestartPolicy.NEVER, { callTimeout: ms(500) });
    const typing = await container.attach({ stream: true, stdin: true, hijack: true });
    typing.write("oops");
    await expect.poll(() => call(name, "received").catch(() => "spoilt"), { timeout: 10_000 }).toBe("spoilt");
    typing.end();
    expect(await echo(name)).toBe("hi");
  });
});
