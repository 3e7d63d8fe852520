import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RestartPolicy, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { until } from "../../contract/causes/cause.ts";
import { EngineProxy } from "../../runtime/docker/engine-proxy.ts";
import { canHideControllers, onPrivateEngine, PrivateEngine } from "../../runtime/docker/private-engine.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { ManagerProcess } from "../manager-process.ts";
import { errorInfo, failureOf, hostileSpec, TestManager, textOf } from "../test-manager.ts";

const required = { MCPM_REQUIRE_LIMITS: "1" };
const notEnforced = { code: Code.FailedPrecondition, reason: "NOT_ENFORCED", delivery: "not_sent" };
const noGrace = { seconds: 0n, nanos: 0 };

describe.skipIf(!canHideControllers)(onPrivateEngine("On an engine without the controllers memory and pids"), () => {
  let engine: PrivateEngine;
  beforeAll(async () => {
    engine = await PrivateEngine.start({ without: ["memory", "pids"] });
  });
  afterAll(() => engine?.[Symbol.asyncDispose]());

  it("a manager names them in GetInfo and once in its log, and starts servers", async () => {
    await using fleet = new TestFleet({ dockerHost: engine.host });
    await using manager = await ManagerProcess.start(fleet.fleet, { DOCKER_HOST: engine.host });
    const { unenforced } = await manager.client.getInfo({});
    expect(unenforced).toEqual(["memory", "swap", "pids"]);
    for (const name of ["a", "b"]) await manager.client.start({ name, spec: hostileSpec() });
    const call = { server: "a", tool: "echo", input: { case: "argumentsJson", value: '{"text":"hi"}' } } as const;
    expect(textOf(await manager.client.callTool(call))).toBe("hi");
    expect((await manager.client.getInfo({})).unenforced).toEqual(["memory", "swap", "pids"]);
    expect(manager.said.match(/"unenforced":\["memory","swap","pids"\]/g)).toHaveLength(1);
    // The engine warned of each container; each of its sentences is told once.
    const warnings = manager.said.split("\n").filter((line) => line.includes("the engine warned"));
    expect(warnings).not.toEqual([]);
    expect(new Set(warnings.map((line) => /"warning":"([^"]*)"/.exec(line)?.[1])).size).toBe(warnings.length);
    for (const name of ["a", "b"]) await manager.client.stop({ name, gracePeriod: noGrace });
  });

  it("with MCPM_REQUIRE_LIMITS the manager comes up, and a Start is refused before anything is pulled or made", async () => {
    const asked: string[] = [];
    const registry = createServer(({ url = "" }, response) => response.end(void asked.push(url)));
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const fleet = new TestFleet({ dockerHost: engine.host });
    await using manager = await TestManager.start({ ...required, MCPM_REGISTRIES: host }, { engine: fleet });
    for (const spec of [hostileSpec(), { image: `${host}/z:1` }]) {
      const error = await failureOf(manager.client.start({ name: "a", spec }));
      expect(errorInfo(error)).toMatchObject(notEnforced);
      expect(error.rawMessage).toContain("(memory, swap, pids), and MCPM_REQUIRE_LIMITS is set");
    }
    expect(asked).toEqual([]);
    expect(await manager.containers()).toEqual([]);
    expect((await manager.client.list({})).servers).toEqual([]);
    registry.close();
  });

  it("what an earlier manager started is taken over, and not started again, with MCPM_REQUIRE_LIMITS", async () => {
    const fleet = new TestFleet({ dockerHost: engine.host });
    const before = await TestManager.start({}, { engine: fleet });
    await before.client.start({ name: "a", spec: { ...hostileSpec(), restart: { policy: RestartPolicy.NEVER } } });
    await before.shutDown();
    await using manager = await TestManager.start(required, { engine: fleet });
    await manager.app.adopted;
    expect((await manager.client.get({ name: "a" })).server?.state).toBe(ServerState.READY);
    const error = await failureOf(manager.client.restart({ name: "a", gracePeriod: noGrace }));
    expect(errorInfo(error)).toMatchObject(notEnforced);
  });
});

describe.skipIf(!canHideControllers)(onPrivateEngine("An engine that comes back with other controllers"), () => {
  it("is asked again, and Starts are refused or let through by what it says then", async () => {
    await using engine = await PrivateEngine.start();
    const fleet = new TestFleet({ dockerHost: engine.host });
    await using manager = await TestManager.start(required, { engine: fleet });
    const { client } = manager;
    const says = (unenforced: string[]) =>
      until(async () => {
        const info = await client.getInfo({}).catch(() => undefined);
        return info !== undefined && info.unenforced.join() === unenforced.join();
      });
    await says([]);
    await client.start({ name: "a", spec: hostileSpec() });
    await client.stop({ name: "a", gracePeriod: noGrace });
    await engine.stop();
    await engine.start({ without: ["pids"] });
    await says(["pids"]);
    expect(errorInfo(await failureOf(client.start({ name: "a", spec: hostileSpec() })))).toMatchObject(notEnforced);
    await engine.stop();
    await engine.start();
    await says([]);
    await client.start({ name: "a", spec: hostileSpec() });
    await client.stop({ name: "a", gracePeriod: noGrace });
  });
});

describe.skipIf(!canHideControllers)(onPrivateEngine("On an engine without the controller cpu"), () => {
  let engine: PrivateEngine;
  let manager: TestManager;
  beforeAll(async () => {
    engine = await PrivateEngine.start({ without: ["cpu"] });
    manager = await TestManager.start({}, { engine: new TestFleet({ dockerHost: engine.host }) });
  });
  afterAll(async () => {
    await manager?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  it("a server whose spec names no CPUs is started without their limit, which GetInfo tells", async () => {
    expect((await manager.client.getInfo({})).unenforced).toEqual(["cpus"]);
    await manager.client.start({ name: "a", spec: hostileSpec() });
    await manager.client.stop({ name: "a", gracePeriod: noGrace });
  });

  it("one whose spec names some is refused by that field", async () => {
    const error = await failureOf(
      manager.client.start({ name: "a", spec: { ...hostileSpec(), limits: { cpus: 0.5 } } }),
    );
    expect(errorInfo(error)).toMatchObject({ code: Code.InvalidArgument, fields: ["spec.limits.cpus"] });
  });
});

describe("Of an engine that makes containers otherwise than asked", () => {
  let proxy: EngineProxy;
  let fleet: TestFleet;
  beforeAll(async () => {
    proxy = await EngineProxy.listen();
    fleet = new TestFleet({ dockerHost: proxy.host });
  });
  afterEach(() => {
    proxy.edited = () => undefined;
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
  });

  /** Inspected, a container has other values than those it was made with. */
  const makes = (change: { host?: object; config?: object; mounts?: object[] }) => {
    proxy.edited = (path) => {
      if (!/^\/containers\/[0-9a-f]{64}\/json/.test(path)) return undefined;
      return (json: { HostConfig: object; Config: object; Mounts: object[] }) => ({
        ...json,
        HostConfig: { ...json.HostConfig, ...change.host },
        Config: { ...json.Config, ...change.config },
        Mounts: change.mounts ?? json.Mounts,
      });
    };
  };
  const dropped = { host: { Memory: 0, MemorySwap: 0, NanoCpus: 0, PidsLimit: 0 } };

  it("limits that it dropped without a word are shown, and the server runs", async () => {
    await using manager = await TestManager.start({}, { engine: new TestFleet({ dockerHost: proxy.host }) });
    expect((await manager.client.getInfo({})).unenforced).toEqual([]);
    makes(dropped);
    await manager.client.start({ name: "a", spec: hostileSpec() });
    expect((await manager.client.getInfo({})).unenforced).toEqual(["memory", "swap", "cpus", "pids"]);
    makes({});
    await manager.client.start({ name: "b", spec: hostileSpec() });
    expect((await manager.client.getInfo({})).unenforced).toEqual([]);
  });

  it("a Start is refused with MCPM_REQUIRE_LIMITS, and leaves nothing", async () => {
    await using manager = await TestManager.start(required, { engine: new TestFleet({ dockerHost: proxy.host }) });
    await manager.client.start({ name: "good", spec: hostileSpec() });
    makes(dropped);
    const error = await failureOf(manager.client.start({ name: "a", spec: hostileSpec() }));
    expect(errorInfo(error)).toMatchObject({ ...notEnforced, server: "a" });
    expect(await manager.containers()).toHaveLength(1);
    makes({});
    await manager.client.start({ name: "a", spec: hostileSpec() });
  });

  it.each([
    ["privileged", { host: { Privileged: true } }, /is privileged/],
    ["a writable root", { host: { ReadonlyRootfs: false } }, /writable root/],
    ["the engine's capabilities", { host: { CapDrop: null } }, /default capabilities/],
    ["more capabilities", { host: { CapAdd: ["SYS_ADMIN"] } }, /capabilities SYS_ADMIN/],
    ["new privileges", { host: { SecurityOpt: null } }, /new privileges/],
    ["a network", { host: { NetworkMode: "bridge" } }, /network "bridge"/],
    ["the host's processes", { host: { PidMode: "host" } }, /PidMode host/],
    ["a folder of the host", { mounts: [{ Type: "bind", Source: "/", Destination: "/h", RW: true }] }, /at \/h/],
    ["no bounded /tmp", { host: { Tmpfs: null } }, /no tmpfs at \/tmp/],
  ])("one with %s is never started, and removed", async (_what, change, message) => {
    await using manager = await TestManager.start({}, { engine: new TestFleet({ dockerHost: proxy.host }) });
    makes(change);
    const error = await failureOf(manager.client.start({ name: "a", spec: hostileSpec() }));
    expect(errorInfo(error)).toMatchObject({ ...notEnforced, server: "a" });
    expect(error.rawMessage).toMatch(message);
    expect(await manager.containers()).toEqual([]);
  });

  it("one that lacks a mount is never started, and removed", async () => {
    makes({ mounts: [] });
    const mounts = [{ type: "volume", target: "/data" } as const];
    const request = { server: "a", instance: "1", replica: 0, spec: TestFleet.spec("echo.mjs", { mounts }) };
    await expect(fleet.runtime.create(request, {})).rejects.toMatchObject({
      kind: "not_running",
      message: expect.stringContaining("lacks the mount at /data"),
      details: { reason: "NOT_ENFORCED", delivery: "not_sent", server: "a" },
    });
    makes({});
    expect(await fleet.runtime.list({})).toEqual([]);
  });
});
