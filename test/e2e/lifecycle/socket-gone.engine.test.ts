import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { InstanceState, RestartPolicy, type Server, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { EngineProxy } from "../../runtime/docker/engine-proxy.ts";
import { containerId, probes, startTime } from "../protocols/probes.ts";
import { errorInfo, failureOf, hostileSpec, type ManagerClient, randomName, TestManager } from "../test-manager.ts";

let proxy: EngineProxy;
let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  proxy = await EngineProxy.listen();
  manager = await TestManager.start({ DOCKER_HOST: proxy.host });
  client = manager.client;
});
afterEach(() => {
  proxy.refused = () => false;
});
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
});

const { get, until, untilShown, echo, pending, handshakes, ...probe } = probes(() => client);

/** A server, and its container as the engine itself has it. */
async function started(policy: RestartPolicy) {
  const name = randomName();
  const server = await probe.start(name, { ...hostileSpec(), restart: { policy } });
  return { name, server, container: manager.engine.docker.getContainer(containerId(server)) };
}

describe("A socket of the engine that is gone for a while", () => {
  it("loses the calls under way, and what happened meanwhile is found out when it is back", async () => {
    const { NEVER, ON_FAILURE } = RestartPolicy;
    const alive = await started(NEVER);
    const killed = await started(ON_FAILURE);
    const removed = await started(ON_FAILURE);
    const removedForGood = await started(NEVER);
    const restarted = await started(NEVER);
    const paused = await started(NEVER);
    const { lost } = await pending(alive.name);
    await proxy.takeAway();
    expect(await lost).toMatchObject({ code: Code.Aborted, reason: "ENGINE_UNAVAILABLE", delivery: "sent" });
    await until(alive.name, ServerState.FAILED);
    expect(errorInfo(await failureOf(echo(alive.name)))).toMatchObject({
      code: Code.Unavailable,
      reason: "ENGINE_UNAVAILABLE",
      delivery: "not_sent",
    });
    const refused = failureOf(client.start({ name: "new", spec: hostileSpec() }));
    expect(errorInfo(await refused)).toMatchObject({ code: Code.Unavailable, reason: "ENGINE_UNAVAILABLE" });
    await Promise.all([
      killed.container.kill(),
      removed.container.remove({ force: true }),
      removedForGood.container.remove({ force: true }),
      restarted.container.restart({ t: 0 }),
      paused.container.pause(),
    ]);
    await proxy.putBack();

    await until(alive.name, ServerState.READY);
    expect(await handshakes(alive.name)).toBe(1);
    expect(await get(alive.name)).toMatchObject({
      restartCount: 0n,
      instances: [{ startTime: startTime(alive.server) }],
    });

    await until(killed.name, ServerState.READY);
    expect(await echo(killed.name)).toBe("hi");
    expect(containerId(await get(killed.name))).toBe(containerId(killed.server));

    await until(removed.name, ServerState.READY);
    expect(await echo(removed.name)).toBe("hi");
    expect(containerId(await get(removed.name))).not.toBe(containerId(removed.server));

    await expect.poll(async () => (await get(removedForGood.name)).lastError?.reason).toBe("CONTAINER_REMOVED");
    expect((await get(removedForGood.name)).state).toBe(ServerState.FAILED);

    await until(restarted.name, ServerState.READY);
    expect(await handshakes(restarted.name)).toBe(1);
    expect(startTime(await get(restarted.name))).not.toEqual(startTime(restarted.server));

    await expect.poll(async () => (await get(paused.name)).lastError?.reason).toBe("CONTAINER_PAUSED");
    await paused.container.unpause();
    await until(paused.name, ServerState.READY);
    expect(await handshakes(paused.name)).toBe(1);
    const names = (await client.list({})).servers.map(({ name }) => name);
    expect(names).not.toContain("new");
  });
});

describe("A stream of the engine's events that is broken, and nothing else", () => {
  it("disturbs no call; a death is noticed at once, a pause when the stream is back", async () => {
    const dies = await started(RestartPolicy.NEVER);
    const pauses = await started(RestartPolicy.NEVER);
    proxy.refused = (path) => path.startsWith("/events");
    proxy.cut(proxy.refused);
    expect(await echo(pauses.name)).toBe("hi");
    const { lost } = await pending(dies.name);
    await dies.container.kill();
    expect(await lost).toMatchObject({ code: Code.Aborted, reason: "SERVER_EXITED", exit_code: "137" });
    await until(dies.name, ServerState.FAILED);
    await pauses.container.pause();
    expect((await get(pauses.name)).instances[0]?.state).toBe(InstanceState.RUNNING);
    proxy.refused = () => false;
    await untilShown(pauses.name, InstanceState.PAUSED);
    await pauses.container.unpause();
    await untilShown(pauses.name, InstanceState.RUNNING);
    expect(await echo(pauses.name)).toBe("hi");
  });
});

describe("An attachment that is lost, and nothing else", () => {
  const attachTo =
    ({ server }: { server: Server }) =>
    (path: string) =>
      path.startsWith(`/containers/${containerId(server)}/attach`);

  it("loses the calls under way; it is opened again without another handshake", async () => {
    const { name, server } = await started(RestartPolicy.NEVER);
    const { lost } = await pending(name);
    proxy.cut(attachTo({ server }));
    expect(await lost).toMatchObject({ code: Code.Aborted, reason: "ATTACHMENT_LOST", delivery: "sent" });
    expect(await echo(name)).toBe("hi");
    expect(await handshakes(name)).toBe(1);
    expect((await get(name)).restartCount).toBe(0n);
  });

  it("while its container is paused is opened again when that goes on", async () => {
    const { name, server, container } = await started(RestartPolicy.ALWAYS);
    await container.pause();
    await untilShown(name, InstanceState.PAUSED);
    const { lost } = await pending(name);
    proxy.cut(attachTo({ server }));
    expect(await lost).toMatchObject({ code: Code.Aborted, reason: "ATTACHMENT_LOST", delivery: "sent" });
    await until(name, ServerState.FAILED);
    expect((await get(name)).lastError?.reason).toBe("CONTAINER_PAUSED");
    expect(errorInfo(await failureOf(echo(name)))).toMatchObject({
      code: Code.FailedPrecondition,
      delivery: "not_sent",
    });
    await container.unpause();
    await until(name, ServerState.READY);
    expect(await handshakes(name)).toBe(1);
    expect(startTime(await get(name))).toEqual(startTime(server));
  });

  it("and can't be opened again at once is opened later, though no event says when", async () => {
    const { name, server } = await started(RestartPolicy.NEVER);
    proxy.refused = attachTo({ server });
    proxy.cut(proxy.refused);
    await until(name, ServerState.FAILED);
    proxy.refused = () => false;
    await until(name, ServerState.READY);
    expect(await handshakes(name)).toBe(1);
  });

  it.each([
    ["legacy", "hostile.mjs"],
    ["modern", "modern.mjs"],
  ])(
    "is followed by a new subscription to a resource, and word that it may have changed (%s)",
    async (_era, program) => {
      const uri = "mem://note";
      const server = await probe.start(randomName(), { ...hostileSpec(), args: [program, "--offers"] });
      const events = client.subscribeResource({ server: server.name, uri })[Symbol.asyncIterator]();
      const next = async () => (await events.next()).value?.event.case;
      expect(await next()).toBe("subscribed");
      proxy.cut(attachTo({ server }));
      expect(await next()).toBe("updated");
      const touch = { server: server.name, tool: "touch", input: { case: "arguments", value: { uri } } } as const;
      // The process still has the subscription of the attachment that was lost, in the modern era: nobody is told twice.
      await client.callTool(touch);
      expect(await next()).toBe("updated");
      await client.stop({ name: server.name });
      expect(errorInfo(await failureOf(next()))).toMatchObject({ reason: "SERVER_STOPPING" });
    },
  );
});
