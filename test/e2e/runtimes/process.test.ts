import { mkdtemp, realpath, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { Code } from "@connectrpc/connect";
import { afterAll, describe, expect, it, vi } from "vitest";
import { openMorgue } from "../../runtime/process/morgue.ts";
import { ManagerProcess } from "../manager-process.ts";
import { describeEveryRpc } from "../protocols/every-rpc.ts";
import { errorInfo, failureOf, hostileProcessSpec, hostileSpec, randomName, TestManager } from "../test-manager.ts";
import { describeTheLine } from "./any-runtime.ts";

// Each test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// No engine is there: whoever asked for one would fail.
const env = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
const folder = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-process-")));
afterAll(() => rm(folder, { recursive: true }));

const modules = path.dirname(
  createRequire(import.meta.url).resolve("@modelcontextprotocol/server-filesystem/package.json"),
);

describeTheLine({ runtime: "process", env, hostile: hostileProcessSpec });

describeEveryRpc({
  runtime: "process",
  folder,
  spec: {
    image: "mcp/filesystem:latest",
    command: [process.execPath, path.join(modules, "dist/index.js")],
    args: [folder],
  },
});

describe("A manager with MCPM_RUNTIME=process", () => {
  it("refuses what needs a container, and leaves nothing behind", async () => {
    await using manager = await TestManager.start({ MCPM_RUNTIME: "process", ...env });
    const start = (spec: object) => failureOf(manager.client.start({ name: "h", spec }));
    expect(errorInfo(await start({ ...hostileProcessSpec(), limits: { cpus: 1 }, user: "1000" }))).toMatchObject({
      code: Code.InvalidArgument,
      reason: "INVALID_REQUEST",
      fields: ["spec.limits.cpus", "spec.user"],
    });
    const imageOnly = errorInfo(await start(hostileSpec()));
    expect(imageOnly).toMatchObject({ code: Code.InvalidArgument, fields: ["spec.command"] });
    const missing = await start({ ...hostileProcessSpec(), command: ["no-such-program"] });
    expect(errorInfo(missing)).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "START_REFUSED",
      delivery: "not_sent",
      server: "h",
    });
    expect(missing.message).toContain("no-such-program");
    expect((await manager.client.list({})).servers).toEqual([]);
  });

  it("ends its servers with itself: the next manager of the fleet finds none", async () => {
    await using manager = await TestManager.start({ MCPM_RUNTIME: "process", ...env });
    await manager.client.start({ name: "h", spec: hostileProcessSpec() });
    await manager.shutDown();
    await manager.boot();
    expect((await manager.client.list({})).servers).toEqual([]);
  });

  it("killed by -9 takes a server that ends at EOF along, and the next one adopts none", async () => {
    using morgue = await openMorgue();
    const fleet = `t-${randomName()}`;
    await using manager = await ManagerProcess.start(fleet, { MCPM_RUNTIME: "process", ...env });
    const spec = { ...hostileProcessSpec(), command: [process.execPath, "--import", morgue.preload] };
    await manager.client.start({ name: "h", spec });
    await manager.kill("SIGKILL");
    await morgue.arrived;
    await using next = await ManagerProcess.start(fleet, { MCPM_RUNTIME: "process", ...env });
    expect((await next.client.list({})).servers).toEqual([]);
  });

  it("that is told to stop ends with 0 and takes its servers along", async () => {
    using morgue = await openMorgue();
    await using manager = await ManagerProcess.start("p", { MCPM_RUNTIME: "process", ...env });
    const spec = { ...hostileProcessSpec("--ignore-term"), command: [process.execPath, "--import", morgue.preload] };
    await manager.client.start({ name: "h", spec });
    expect(await manager.kill("SIGTERM")).toBe(0);
    await morgue.arrived;
    await expect.poll(() => manager.said).toContain("shutting down; servers end");
  });

  it("does not start on an address that others reach", async () => {
    const open = { MCPM_RUNTIME: "process", MCPM_HOST: "0.0.0.0", MCPM_INSECURE_LISTEN: "1" };
    await expect(ManagerProcess.start("p", { ...env, ...open })).rejects.toThrow(/MCPM_HOST=0\.0\.0\.0 .*loopback/);
  });
});
