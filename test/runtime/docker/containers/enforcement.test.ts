import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { type Log, silentLog } from "../../../../src/base/log/log.ts";
import { createDockerRuntime } from "../../../../src/runtime/docker/docker-runtime.ts";
import { protections } from "../../../../src/runtime/protections.ts";
import { Recorder } from "../../recorder.ts";
import { FakeEngine, switchingProtocols } from "../fake-engine.ts";

const everything = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  PidsLimit: true,
  SecurityOptions: ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
};

/** An engine that says this of itself, one after the other, the last for ever; undefined: it won't say. */
async function open(infos: readonly (object | undefined)[], { requireLimits = false } = {}) {
  const asked: string[] = [];
  let eventsOpened = Promise.withResolvers<() => void>();
  const respond = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url ?? "");
    if (request.url?.startsWith("/events")) {
      response.writeHead(200).flushHeaders();
      eventsOpened.resolve(() => response.destroy());
      return;
    }
    const info = infos[Math.min(asked.filter((url) => url === "/info").length, infos.length) - 1];
    response.writeHead(info === undefined ? 403 : 200).end(JSON.stringify(info ?? { message: "not for you" }));
  };
  const engine = await FakeEngine.listen(respond, (socket) => socket.write(switchingProtocols));
  const logged: object[] = [];
  const note = (level: string) => (_message: string, fields?: object) => logged.push({ level, ...fields });
  const log: Log = { ...silentLog, warn: note("warn"), info: note("info") };
  const runtime = createDockerRuntime({ dockerHost: engine.dockerHost, fleet: "x", bindRoots: [], log, requireLimits });
  return {
    runtime,
    asked,
    logged,
    /** The stream of events is open; closes it. */
    async breakEvents() {
      const end = await eventsOpened.promise;
      eventsOpened = Promise.withResolvers();
      end();
    },
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

describe("DockerRuntime.unenforced", () => {
  test("is empty on an engine that enforces everything, which is asked once and not told of", async () => {
    await using engine = await open([everything]);
    expect(await engine.runtime.unenforced({})).toEqual([]);
    expect(await engine.runtime.unenforced({})).toEqual([]);
    expect(engine.asked).toEqual(["/info", "/version"]);
    expect(engine.logged).toEqual([]);
  });

  test.each([
    ["memory", { MemoryLimit: false }],
    ["swap", { SwapLimit: false }],
    ["cpus", { CpuCfsQuota: false }],
    ["cpus", { CpuCfsPeriod: false }],
    ["pids", { PidsLimit: false }],
    ["pids", { PidsLimit: undefined }],
    ["seccomp", { SecurityOptions: ["name=cgroupns"] }],
    ["seccomp", { SecurityOptions: null }],
    ["seccomp", { SecurityOptions: ["name=seccomp,profile=unconfined"] }],
  ])("names %s, and so does the log, once", async (name, change) => {
    await using engine = await open([{ ...everything, ...change }]);
    expect(await engine.runtime.unenforced({})).toEqual([name]);
    expect(await engine.runtime.unenforced({})).toEqual([name]);
    expect(engine.logged).toEqual([{ level: "warn", unenforced: [name], starts: "not refused" }]);
  });

  test("names everything where the engine won't say", async () => {
    await using engine = await open([undefined]);
    expect(await engine.runtime.unenforced({})).toEqual(protections);
  });

  test("is asked again when the engine was away, and told of again only if it changed", async () => {
    const rootless = { ...everything, PidsLimit: false };
    await using engine = await open([rootless, rootless, everything]);
    await engine.runtime.unenforced({});
    const resyncs: (() => void)[] = [];
    const resync = () => new Promise<void>((resolve) => resyncs.push(resolve));
    const nothing = () => {};
    const told = { exit: nothing, outOfMemory: nothing, removed: nothing, changed: nothing, broken: nothing };
    await using _watch = engine.runtime.watch({ ...told, resync: () => resyncs.shift()?.() });
    const first = resync();
    await engine.breakEvents();
    await first;
    expect(await engine.runtime.unenforced({})).toEqual(["pids"]);
    expect(engine.logged.filter((line) => "unenforced" in line)).toHaveLength(1);
    const second = resync();
    await engine.breakEvents();
    await second;
    expect(await engine.runtime.unenforced({})).toEqual([]);
    expect(engine.logged.at(-1)).toEqual({ level: "info" });
  });
});

describe("With limits required, a runtime", () => {
  const spec = { image: "a" };
  const refused = (names: string) => ({
    kind: "not_running",
    message: expect.stringMatching(new RegExp(`\\(${names}\\).*MCPM_REQUIRE_LIMITS`)),
    details: { reason: "NOT_ENFORCED", delivery: "not_sent" },
  });

  test("checks, creates and starts nothing on an engine that lacks one, and names it", async () => {
    const lacking = { ...everything, MemoryLimit: false, SwapLimit: false };
    await using engine = await open([lacking], { requireLimits: true });
    await expect(engine.runtime.check(spec, {})).rejects.toMatchObject(refused("memory, swap"));
    const request = { server: "x", instance: "1", replica: 0, spec };
    await expect(engine.runtime.create(request, {})).rejects.toMatchObject(refused("memory, swap"));
    await expect(engine.runtime.run("a".repeat(64), new Recorder(), {})).rejects.toMatchObject(refused("memory, swap"));
    expect(engine.asked).toEqual(["/info", "/version"]);
    expect(engine.logged).toEqual([
      { level: "warn", unenforced: ["memory", "swap"], starts: "refused without limits" },
    ]);
  });

  test("takes an engine that won't say for one that enforces none", async () => {
    await using engine = await open([undefined], { requireLimits: true });
    await expect(engine.runtime.check(spec, {})).rejects.toMatchObject(refused("memory, swap, cpus, pids"));
  });

  test("is content without seccomp, which is no limit", async () => {
    await using engine = await open([{ ...everything, SecurityOptions: [] }], { requireLimits: true });
    await engine.runtime.check(spec, {});
  });

  test("does not start a container again that was made without", async () => {
    const HostConfig = { Memory: 1, MemorySwap: 1, NanoCpus: 1, PidsLimit: null };
    const container = { ...everything, HostConfig, Config: { Labels: {} } };
    await using engine = await open([container], { requireLimits: true });
    await expect(engine.runtime.run("a".repeat(64), new Recorder(), {})).rejects.toMatchObject(refused("pids"));
    expect(engine.asked.filter((url) => url.endsWith("/start"))).toEqual([]);
  });
});
