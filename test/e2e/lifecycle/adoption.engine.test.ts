import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { ManagerProcess } from "../manager-process.ts";
import { failureOf, hostileSpec, type ManagerClient, textOf } from "../test-manager.ts";

let engine: TestFleet;
let manager: ManagerProcess;
beforeEach(async () => {
  engine = new TestFleet();
  manager = await ManagerProcess.start(engine.fleet);
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

async function killAndBoot(): Promise<void> {
  await manager.kill("SIGKILL");
  manager = await ManagerProcess.start(engine.fleet);
}

const echo = async (client: ManagerClient, server: string, text: string) =>
  textOf(await client.callTool({ server, tool: "echo", input: { case: "arguments", value: { text } } }));

async function fleetOf(client: ManagerClient) {
  const { servers } = await client.list({});
  return servers.map(({ name, state, instances }) => ({ name, state, id: instances[0]?.containerId }));
}

describe("A manager killed by -9", () => {
  it("with two servers running finds them in the same containers, and both answer", async () => {
    for (const name of ["a", "b"])
      await manager.client.start({ name, spec: { ...hostileSpec(), env: { SECRET: name } } });
    const before = await fleetOf(manager.client);
    await killAndBoot();
    expect(await echo(manager.client, "a", "one")).toBe("one");
    expect(await echo(manager.client, "b", "two")).toBe("two");
    expect(await fleetOf(manager.client)).toEqual(before);
    expect(await engine.runtime.list({})).toHaveLength(2);
    // Env values are part of the spec, though no label holds them.
    const again = await manager.client.start({ name: "a", spec: { ...hostileSpec(), env: { SECRET: "a" } } });
    expect(again.server?.instances[0]?.containerId).toBe(before[0]?.id);
    const other = await failureOf(
      manager.client.start({ name: "a", spec: { ...hostileSpec(), env: { SECRET: "z" } } }),
    );
    expect(other.code).toBe(Code.AlreadyExists);
  });

  it("while a call is under way drops the late reply and answers new calls", async () => {
    await manager.client.start({ name: "a", spec: hostileSpec() });
    const lost = failureOf(
      manager.client.callTool({ server: "a", tool: "stubborn", input: { case: "arguments", value: { ms: 300 } } }),
    );
    while ((await manager.client.get({ name: "a" })).server?.callsInFlight === 0n);
    await killAndBoot();
    await lost;
    const value = { ms: 600, text: "right" };
    const call = manager.client.callTool({ server: "a", tool: "sleep", input: { case: "arguments", value } });
    expect(textOf(await call)).toBe("right");
  });

  it("with half a line in a server's stdin is understood by the server afterwards", async () => {
    const { server } = await manager.client.start({ name: "a", spec: hostileSpec() });
    await manager.kill("SIGKILL");
    const id = server?.instances[0]?.containerId ?? "";
    const sink = { stdout() {}, stderr() {}, drain() {}, end() {} };
    const attachment = await engine.runtime.attach(id, sink, {});
    attachment.write(Buffer.from('{"jsonrpc":"2.0","id":7,"method":"tools/ca'));
    attachment.close();
    manager = await ManagerProcess.start(engine.fleet);
    expect(await echo(manager.client, "a", "hello")).toBe("hello");
  });

  it("during a Start leaves a server that is adopted", async () => {
    const start = failureOf(manager.client.start({ name: "a", spec: hostileSpec("--handshake-ms", "400") }));
    const handshaking = async () => (await fleetOf(manager.client))[0]?.state === ServerState.HANDSHAKING;
    while (!(await handshaking()));
    await killAndBoot();
    await start;
    expect(await echo(manager.client, "a", "adopted")).toBe("adopted");
    expect(await engine.runtime.list({})).toHaveLength(1);
  });

  it("between create and start leaves nothing", async () => {
    await manager.kill("SIGKILL");
    await engine.create(TestFleet.spec("hostile.mjs"), "a");
    manager = await ManagerProcess.start(engine.fleet);
    expect(await fleetOf(manager.client)).toEqual([]);
    expect(await engine.runtime.list({})).toEqual([]);
  });

  it("during a Stop does not bring the server back", async () => {
    await manager.client.start({ name: "a", spec: hostileSpec("--ignore-term") });
    const stop = failureOf(manager.client.stop({ name: "a", gracePeriod: { seconds: 30n, nanos: 0 } }));
    const marked = async () => (await engine.runtime.list({}))[0]?.mark === "stopping";
    while (!(await marked()));
    await killAndBoot();
    await stop;
    expect(await fleetOf(manager.client)).toEqual([]);
    expect(await engine.runtime.list({})).toEqual([]);
  });

  it("during a Restart leaves a server that is restarted, though its policy leaves it down when it goes down", async () => {
    const { server } = await manager.client.start({ name: "a", spec: hostileSpec("--ignore-term") });
    const restart = failureOf(manager.client.restart({ name: "a", gracePeriod: { seconds: 30n, nanos: 0 } }));
    const marked = async () => (await engine.runtime.list({}))[0]?.mark === "restarting";
    while (!(await marked()));
    await manager.kill("SIGKILL");
    await restart;
    const id = server?.instances[0]?.containerId ?? "";
    await engine.runtime.stop(id, { graceMs: 0 });
    manager = await ManagerProcess.start(engine.fleet);
    expect(await echo(manager.client, "a", "restarted")).toBe("restarted");
    expect((await fleetOf(manager.client)).map((found) => found.id)).toEqual([id]);
    await expect.poll(() => engine.runtime.list({})).toMatchObject([{ id, state: "running", mark: "none" }]);
  });

  it("during a Restart leaves a server that still runs, and is restarted by the next manager", async () => {
    const { server } = await manager.client.start({ name: "a", spec: hostileSpec() });
    await manager.kill("SIGKILL");
    const id = server?.instances[0]?.containerId ?? "";
    await engine.runtime.mark(id, "restarting", {});
    manager = await ManagerProcess.start(engine.fleet);
    expect(await echo(manager.client, "a", "restarted")).toBe("restarted");
    const found = (await manager.client.get({ name: "a" })).server;
    expect(found?.instances[0]).toMatchObject({ containerId: id });
    expect(found?.instances[0]?.startTime).not.toEqual(server?.instances[0]?.startTime);
    await expect.poll(() => engine.runtime.list({})).toMatchObject([{ id, state: "running", mark: "none" }]);
  });

  it("finds a server that exited meanwhile FAILED with its exit code, and starts it again in its container", async () => {
    const { server } = await manager.client.start({ name: "a", spec: hostileSpec() });
    await manager.kill("SIGKILL");
    const id = server?.instances[0]?.containerId ?? "";
    await engine.runtime.stop(id, { graceMs: 0 });
    manager = await ManagerProcess.start(engine.fleet);
    const found = (await manager.client.get({ name: "a" })).server;
    expect(found).toMatchObject({ state: ServerState.FAILED, lastError: { reason: "SERVER_EXITED", exitCode: 137 } });
    const again = await manager.client.start({ name: "a" });
    expect(again.server?.instances[0]?.containerId).toBe(id);
    expect(await echo(manager.client, "a", "back")).toBe("back");
  });

  it("knows what its servers wrote before, and why those that ended did", async () => {
    const say = (server: string, text: string, count = 1) =>
      manager.client.callTool({ server, tool: "stderr", input: { case: "arguments", value: { text, count } } });
    for (const name of ["a", "b"]) await manager.client.start({ name, spec: hostileSpec("--banner") });
    await say("a", `long ${"x".repeat(40_000)}`);
    await say("a", "before");
    await manager.client.callTool({
      server: "a",
      tool: "log",
      input: { case: "arguments", value: { level: "error", data: "noted" } },
    });
    await say("b", "last words");
    const ids = await fleetOf(manager.client);
    await manager.kill("SIGKILL");
    await engine.runtime.stop(ids.find(({ name }) => name === "b")?.id ?? "", { graceMs: 0 });
    manager = await ManagerProcess.start(engine.fleet);
    const linesOf = async (server: string) => {
      const events = await Array.fromAsync(manager.client.logs({ server }));
      return events.flatMap(({ event }) => (event.case === "line" ? [event.value] : []));
    };
    await expect
      .poll(async () => (await linesOf("a")).map(({ text }) => text.slice(0, 10)).sort())
      .toEqual(["Welcome!", "before", "long xxxxx", "noted", '{"level":"'].sort());
    expect((await linesOf("a")).find(({ text }) => text === "noted")?.level).toBe("error");
    const failed = async () => (await manager.client.get({ name: "b" })).server?.lastError;
    await expect.poll(failed).toMatchObject({ reason: "SERVER_EXITED", exitCode: 137, stderrTail: "last words" });
    // Once it answers, nothing is added any more.
    await echo(manager.client, "a", "adopted");
    // Resumed in the middle of what was before: each line once.
    const events = await Array.fromAsync(manager.client.logs({ server: "a" }));
    const rest = await Array.fromAsync(manager.client.logs({ server: "a", cursor: events[1]?.cursor ?? "" }));
    expect(rest.map(({ cursor }) => cursor)).toEqual(events.slice(2).map(({ cursor }) => cursor));
  });
});
