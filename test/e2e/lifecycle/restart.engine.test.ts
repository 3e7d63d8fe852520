import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { LogSource } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { InstanceState, RestartPolicy, type Server, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import {
  errorInfo,
  failureOf,
  hostileSpec,
  type ManagerClient,
  randomName,
  TestManager,
  textOf,
} from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

const ms = (milliseconds: number) => ({ seconds: 0n, nanos: milliseconds * 1_000_000 });
const restart = { policy: RestartPolicy.ON_FAILURE, initialBackoff: ms(50), maxBackoff: ms(200) };

async function started(more: object, ...args: string[]): Promise<{ name: string; server: Server }> {
  const name = randomName();
  const { server } = await client.start({ name, spec: { ...hostileSpec(...args), restart, ...more } });
  if (server === undefined) throw new Error("Start gave no server");
  return { name, server };
}

const get = async (name: string) => {
  const { server } = await client.get({ name });
  if (server === undefined) throw new Error("Get gave no server");
  return server;
};
const containerOf = (server: Server, at = 0) =>
  manager.engine.docker.getContainer(server.instances[at]?.containerId ?? "");
const echo = (server: string, text = "hi") =>
  client.callTool({ server, tool: "echo", input: { case: "arguments", value: { text } } });
const die = (server: string, code: number) =>
  failureOf(client.callTool({ server, tool: "exit", input: { case: "arguments", value: { code, stderr: "bye\n" } } }));

describe("A server whose policy is ON_FAILURE", () => {
  it("is started again in its container when it crashes; calls made meanwhile wait for it", async () => {
    const { name, server } = await started({});
    expect(errorInfo(await die(name, 3))).toMatchObject({
      code: Code.Aborted,
      reason: "SERVER_EXITED",
      exit_code: "3",
    });
    expect(textOf(await echo(name))).toBe("hi");
    const after = await get(name);
    expect(after).toMatchObject({ state: ServerState.READY, restartCount: 1n, lastError: { exitCode: 3 } });
    expect(after.instances[0]?.containerId).toBe(server.instances[0]?.containerId);
  });

  it("stays down after an exit with code 0", async () => {
    const { name } = await started({});
    await die(name, 0);
    await expect.poll(async () => (await get(name)).state).toBe(ServerState.FAILED);
    expect(errorInfo(await failureOf(echo(name)))).toMatchObject({ code: Code.FailedPrecondition });
  });

  it("gives up after so many restarts in a row, and says so", async () => {
    const { name } = await started({ restart: { ...restart, maxRestarts: 2 } });
    for (let round = 0; round < 3; round += 1) await die(name, 1);
    await expect.poll(async () => (await get(name)).state, { timeout: 10_000 }).toBe(ServerState.FAILED);
    const { lastError, restartCount } = await get(name);
    expect(restartCount).toBe(2n);
    expect(lastError?.message).toContain("gave up after 2 restarts in a row");
  });

  it("gets a new container when its own is removed behind the manager's back", async () => {
    const { name, server } = await started({});
    await containerOf(server).remove({ force: true });
    expect(textOf(await echo(name))).toBe("hi");
    const after = await get(name);
    expect(after.instances[0]?.containerId).not.toBe(server.instances[0]?.containerId);
    // By which of them it is known first: the exit's event, or the container that is not there.
    const reason = expect.stringMatching(/^(SERVER_EXITED|CONTAINER_REMOVED)$/);
    expect(after).toMatchObject({ restartCount: 1n, lastError: { reason } });
    expect((await manager.containers()).includes(server.instances[0]?.containerId ?? "")).toBe(false);
  });

  it("whose name a stranger's container took meanwhile says so, and comes back when that is gone", async () => {
    const { name, server } = await started({ restart: { ...restart, maxRestarts: 0 } });
    const own = containerOf(server);
    const taken = (await own.inspect()).Name.slice(1);
    await own.rename({ name: `${taken}.out-of-the-way` });
    const stranger = await manager.engine.docker.createContainer({ name: taken, Image: testImage });
    onTestFailed(() => stranger.remove());
    await own.remove({ force: true });
    const lastError = async () => (await get(name)).lastError;
    await expect.poll(lastError).toMatchObject({ reason: "NAME_TAKEN", message: expect.stringContaining(taken) });
    await stranger.remove();
    expect(textOf(await echo(name))).toBe("hi");
  });

  it("is taken over when somebody restarts its container", async () => {
    const { name, server } = await started({
      restart: { ...restart, initialBackoff: { seconds: 60n }, maxBackoff: { seconds: 60n } },
    });
    await containerOf(server).restart({ t: 0 });
    expect(textOf(await echo(name))).toBe("hi");
    expect((await get(name)).instances).toHaveLength(1);
  });

  it("can be stopped while it backs off", async () => {
    const { name } = await started({
      restart: { ...restart, initialBackoff: { seconds: 60n }, maxBackoff: { seconds: 60n } },
    });
    await die(name, 1);
    await expect.poll(async () => (await get(name)).state).toBe(ServerState.BACKING_OFF);
    const waiting = failureOf(echo(name));
    await client.stop({ name });
    expect(errorInfo(await waiting)).toMatchObject({ code: Code.FailedPrecondition, delivery: "not_sent" });
    expect((await client.list({})).servers.map((server) => server.name)).not.toContain(name);
  });
});

it("A server whose policy is NEVER and whose container somebody starts again is taken over", async () => {
  const { name, server } = await started({ restart: { policy: RestartPolicy.NEVER } });
  await die(name, 1);
  await expect.poll(async () => (await get(name)).state).toBe(ServerState.FAILED);
  await containerOf(server).start();
  await expect.poll(async () => (await get(name)).state).toBe(ServerState.READY);
  expect(textOf(await echo(name))).toBe("hi");
});

it("A server that is idle and whose container somebody starts is taken over, and idle again after a while", async () => {
  const { name, server } = await started({ idleTimeout: ms(300) });
  const stopped = async () => (await get(name)).instances[0]?.state;
  await expect.poll(stopped).toBe(InstanceState.EXITED);
  await containerOf(server).start();
  await expect.poll(async () => (await get(name)).state).toBe(ServerState.READY);
  await expect.poll(stopped).toBe(InstanceState.EXITED);
  expect(await get(name)).toMatchObject({ state: ServerState.IDLE, restartCount: 0n });
});

it("A server that somebody pauses says so; its calls go on when it is unpaused", async () => {
  const { name, server } = await started({});
  await containerOf(server).pause();
  await expect.poll(async () => (await get(name)).instances[0]?.state).toBe(InstanceState.PAUSED);
  const call = echo(name, "at last");
  await containerOf(server).unpause();
  expect(textOf(await call)).toBe("at last");
  await expect.poll(async () => (await get(name)).instances[0]?.state).toBe(InstanceState.RUNNING);
});

describe("Restart", () => {
  it("starts the process again in its container, after the calls in flight; new calls wait", async () => {
    const { name, server } = await started({});
    const value = { ms: 600, text: "finished" };
    const before = client.callTool({ server: name, tool: "sleep", input: { case: "arguments", value } });
    while ((await get(name)).callsInFlight === 0n);
    const restarting = client.restart({ name });
    while ((await get(name)).state === ServerState.READY);
    const meanwhile = echo(name, "waited");
    expect(textOf(await before)).toBe("finished");
    const { server: after } = await restarting;
    expect(textOf(await meanwhile)).toBe("waited");
    expect(after).toMatchObject({ state: ServerState.READY, restartCount: 1n });
    expect(after?.instances[0]?.containerId).toBe(server.instances[0]?.containerId);
    expect(after?.instances[0]?.startTime).not.toEqual(server.instances[0]?.startTime);
  });

  it("with no grace loses the calls in flight, and says so", async () => {
    const { name } = await started({});
    const lost = failureOf(client.callTool({ server: name, tool: "never" }));
    while ((await get(name)).callsInFlight === 0n);
    await client.restart({ name, gracePeriod: { seconds: 0n } });
    expect(errorInfo(await lost)).toMatchObject({ code: Code.Aborted, reason: "SERVER_RESTARTED", delivery: "sent" });
    expect(textOf(await echo(name))).toBe("hi");
  });

  it("joins one that waits for calls, and hurries it", async () => {
    const { name } = await started({});
    const lost = failureOf(client.callTool({ server: name, tool: "never" }));
    while ((await get(name)).callsInFlight === 0n);
    const patient = client.restart({ name, gracePeriod: { seconds: 3600n } });
    while ((await get(name)).state === ServerState.READY);
    await client.restart({ name, gracePeriod: { seconds: 0n } });
    expect(errorInfo(await lost)).toMatchObject({ reason: "SERVER_RESTARTED" });
    expect((await patient).server).toMatchObject({ state: ServerState.READY, restartCount: 1n });
  });

  it("brings up a server that is down, and knows no others", async () => {
    const { name } = await started({ restart: { policy: RestartPolicy.NEVER } });
    await die(name, 1);
    await expect.poll(async () => (await get(name)).state).toBe(ServerState.FAILED);
    expect((await client.restart({ name })).server?.state).toBe(ServerState.READY);
    expect(errorInfo(await failureOf(client.restart({ name: "nope" })))).toMatchObject({ reason: "SERVER_NOT_FOUND" });
  });

  it("over REST does the same", async () => {
    const { name } = await started({});
    const response = await fetch(`${manager.url}/servers/${name}/restart`, { method: "POST" });
    expect(await response.json()).toMatchObject({ server: { name, restartCount: "1" } });
  });
});

describe("A server that hangs", () => {
  const health = { interval: ms(100), timeout: ms(100), failureThreshold: 2 };

  it("is shown as unhealthy, and as healthy when it answers again", async () => {
    const { name } = await started({ health });
    await expect.poll(async () => (await get(name)).instances[0]?.health?.answerTime).toBeDefined();
    const hung = client.callTool({ server: name, tool: "hang", input: { case: "arguments", value: { ms: 1000 } } });
    await expect.poll(async () => (await get(name)).instances[0]?.health?.healthy).toBe(false);
    expect((await get(name)).state).toBe(ServerState.READY);
    await hung;
    await expect.poll(async () => (await get(name)).instances[0]?.health?.healthy).toBe(true);
  });

  it("is killed and started again when the spec says so", async () => {
    const { name } = await started({ health: { ...health, killUnhealthy: true } });
    const lost = failureOf(
      client.callTool({ server: name, tool: "deaf" }).then(() => client.callTool({ server: name, tool: "never" })),
    );
    expect(errorInfo(await lost)).toMatchObject({ reason: "SERVER_UNHEALTHY", delivery: "sent" });
    expect(textOf(await echo(name))).toBe("hi");
    expect(await get(name)).toMatchObject({ restartCount: 1n, lastError: { reason: "SERVER_UNHEALTHY" } });
  });
});

describe("A server that stops when idle", () => {
  it("starts once for a thousand calls at that moment", async () => {
    const { name, server } = await started({ idleTimeout: ms(200) });
    await expect.poll(async () => (await get(name)).state).toBe(ServerState.IDLE);
    await expect.poll(async () => (await get(name)).instances[0]?.state).toBe(InstanceState.EXITED);
    const health = await fetch(`${manager.url}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ service: `server/${name}` }),
    });
    expect(await health.json()).toEqual({ status: "SERVING" });
    const received = await Promise.all(Array.from({ length: 1000 }, (_, index) => echo(name, String(index))));
    expect(received.map(textOf)).toEqual(received.map((_, index) => String(index)));
    const log = await Array.fromAsync(client.logs({ server: name, sources: [LogSource.LIFECYCLE] }));
    const ready = log.filter(({ event }) => event.case === "lifecycle" && event.value.state === ServerState.READY);
    expect(ready).toHaveLength(2);
    const after = await get(name);
    // It was woken, not restarted.
    expect(after).toMatchObject({ restartCount: 0n });
    expect(after.lastError).toBeUndefined();
    expect(after.instances[0]?.containerId).toBe(server.instances[0]?.containerId);
  });

  it("is not stopped under a call, and is idle for the next manager, too", async () => {
    await using own = await TestManager.start();
    const spec = { ...hostileSpec(), idleTimeout: ms(100) };
    await own.client.start({ name: "h", spec });
    const input = { case: "arguments" as const, value: { ms: 500, text: "undisturbed" } };
    expect(textOf(await own.client.callTool({ server: "h", tool: "sleep", input }))).toBe("undisturbed");
    const state = async () => (await own.client.get({ name: "h" })).server?.instances[0]?.state;
    await expect.poll(state).toBe(InstanceState.EXITED);
    await own.shutDown();
    await own.boot();
    expect((await own.client.get({ name: "h" })).server?.state).toBe(ServerState.IDLE);
    expect((await own.client.callTool({ server: "h", tool: "echo" })).isError).toBe(false);
  });
});

describe("A server with three replicas", () => {
  it("gives each call to the one with the fewest, and names it", async () => {
    const { name, server } = await started({ replicas: 3 });
    expect(server.instances).toHaveLength(3);
    const ask = (tool: string, text = "") =>
      client.callTool({ server: name, tool, input: { case: "arguments", value: { text } } });
    const calls = Array.from({ length: 6 }, (_, index) => ask("hold", String(index)));
    await expect.poll(async () => (await get(name)).callsInFlight).toBe(6n);
    // One to each, as each has two: it lets them go.
    await Promise.all(Array.from({ length: 3 }, () => ask("release")));
    const counts = new Map<string, number>();
    for (const { instanceId } of await Promise.all(calls)) counts.set(instanceId, (counts.get(instanceId) ?? 0) + 1);
    expect([...counts.values()]).toEqual([2, 2, 2]);
    expect(new Set(counts.keys())).toEqual(new Set(server.instances.map(({ id }) => id)));
  });

  it("answers while one is down, whose lost call names it; Stop removes all", async () => {
    const { name, server } = await started({ replicas: 3, restart: { policy: RestartPolicy.NEVER } });
    const lost = await die(name, 1);
    expect(server.instances.map(({ id }) => id)).toContain((errorInfo(lost) as { instance?: string }).instance);
    for (let index = 0; index < 6; index += 1) expect(textOf(await echo(name))).toBe("hi");
    const { state, instances } = await get(name);
    expect(state).toBe(ServerState.READY);
    expect(instances.map(({ serverState }) => serverState).sort()).toEqual(
      [ServerState.READY, ServerState.READY, ServerState.FAILED].sort(),
    );
    await client.stop({ name });
    const left = await manager.containers();
    expect(server.instances.filter(({ containerId }) => left.includes(containerId))).toEqual([]);
  });

  it("is woken whole when it is idle, also where one copy runs by somebody else's doing", async () => {
    const { name, server } = await started({ replicas: 3, idleTimeout: ms(900) });
    const states = async () => (await get(name)).instances.map(({ state }) => state);
    const stopped = [InstanceState.EXITED, InstanceState.EXITED, InstanceState.EXITED];
    await expect.poll(states, { timeout: 20_000 }).toEqual(stopped);
    await manager.engine.docker.getContainer(server.instances[1]?.containerId ?? "").start();
    await expect.poll(async () => (await get(name)).state, { timeout: 20_000 }).toBe(ServerState.READY);
    // Until all are there, a call that never ends keeps the server from becoming idle again.
    const held = client.callTool({ server: name, tool: "never" }).catch(() => {});
    const allReady = [ServerState.READY, ServerState.READY, ServerState.READY];
    const serverStates = async () => (await get(name)).instances.map(({ serverState }) => serverState);
    await expect.poll(serverStates, { timeout: 20_000 }).toEqual(allReady);
    await client.stop({ name, gracePeriod: ms(0) });
    await held;
  });

  it("is adopted whole; a copy that is missing is made", async () => {
    await using own = await TestManager.start();
    const { server } = await own.client.start({ name: "h", spec: { ...hostileSpec(), replicas: 3 } });
    await own.shutDown();
    await own.engine.docker.getContainer(server?.instances[1]?.containerId ?? "").remove({ force: true });
    await own.boot();
    await own.app.adopted;
    const { server: after } = await own.client.get({ name: "h" });
    const ids = (of: Server | undefined) => of?.instances.map(({ id }) => id);
    expect(ids(after)).toHaveLength(3);
    expect([ids(after)?.[0], ids(after)?.[2]]).toEqual([ids(server)?.[0], ids(server)?.[2]]);
    expect(await own.containers()).toHaveLength(3);
  });

  it("whose first start fails leaves nothing", async () => {
    await using own = await TestManager.start();
    const failure = await failureOf(
      own.client.start({ name: "h", spec: { ...hostileSpec("--exit", "7"), replicas: 3 } }),
    );
    expect(errorInfo(failure)).toMatchObject({ reason: "SERVER_EXITED", exit_code: "7" });
    expect(await own.containers()).toEqual([]);
    expect((await own.client.list({})).servers).toEqual([]);
  });
});
