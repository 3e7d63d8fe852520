import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PullPolicy, RestartPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { TestFleet, testImage } from "../../runtime/docker/test-fleet.ts";
import { ManagerProcess } from "../manager-process.ts";
import { hostileSpec, textOf } from "../test-manager.ts";

let engine: TestFleet;
let manager: ManagerProcess;
let dir: string;
beforeEach(async () => {
  engine = new TestFleet();
  dir = await mkdtemp(join(tmpdir(), "state-dir-"));
  manager = await boot();
});
afterEach(async () => {
  await manager[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

const boot = () => ManagerProcess.start(engine.fleet, { MCPM_STATE_DIR: dir });

async function killAndBoot(): Promise<void> {
  await expect.poll(() => kept("programs")).not.toEqual([]);
  await manager.kill("SIGKILL");
  manager = await boot();
}

/** Files that are written whole. */
const kept = async (kind: string) =>
  (await readdir(join(dir, "cache", kind))).filter((name) => !name.endsWith(".half"));
const silent = hostileSpec("--silent-on-probe");

/** How often each method came to a server since it started. */
async function receivedBy(server: string): Promise<Readonly<Record<string, number>>> {
  const call = { server, tool: "received", resultFormat: ResultFormat.JSON };
  const { resultJson } = await manager.client.callTool(call);
  const { messages } = JSON.parse(resultJson).structuredContent;
  const counts: Record<string, number> = {};
  for (const { method } of messages) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}

/** A server of the legacy era that counts, and exits when it is asked to initialize again. */
const counting = {
  image: testImage,
  args: [
    "--input-type=module",
    "-e",
    `import { createInterface } from "node:readline";
    let greeted = false, count = 0;
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === "") continue;
      const { id, method } = JSON.parse(line);
      const reply = (result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
      if (method === "initialize") {
        if (greeted) process.exit(1);
        greeted = true;
        reply({ protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "counter", version: "1" } });
      } else if (method === "tools/call") reply({ content: [{ type: "text", text: String(++count) }] });
      else if (id !== undefined && method !== "ping")
        console.log(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "no" } }));
      else if (id !== undefined) reply({});
    }`,
  ],
  pullPolicy: PullPolicy.NEVER,
  restart: { policy: RestartPolicy.ON_FAILURE },
};

const count = async () => textOf(await manager.client.callTool({ server: "c", tool: "count" }));

describe("A manager killed by -9 leaves in its state folder", () => {
  it("what era a silent server is of: it is not probed again, by the next manager neither", async () => {
    await manager.client.start({ name: "a", spec: silent });
    const before = await receivedBy("a");
    await killAndBoot();
    expect(await receivedBy("a")).toEqual({ ...before, ping: 1, "tools/call": 2 });
    expect((await manager.client.get({ name: "a" })).server?.mcp).toMatchObject({ serverName: "hostile" });
    await manager.client.start({ name: "b", spec: silent });
    expect(await receivedBy("b")).toEqual({ initialize: 1, "notifications/initialized": 1, "tools/call": 1 });
  });

  it("which processes took initialize: one that exits on a second one goes on", async () => {
    await manager.client.start({ name: "c", spec: counting });
    expect(await count()).toBe("1");
    await killAndBoot();
    expect(await count()).toBe("2");
    expect((await manager.client.get({ name: "c" })).server?.mcp).toMatchObject({ serverName: "counter" });
  });

  it("nothing but what may be lost: without it one that exits on a second initialize is started again, once", async () => {
    await manager.client.start({ name: "c", spec: counting });
    expect(await count()).toBe("1");
    await manager.kill("SIGKILL");
    await rm(join(dir, "cache"), { recursive: true });
    manager = await boot();
    expect(await count()).toBe("1");
    await killAndBoot();
    expect(await count()).toBe("2");
  });

  it("files that are nobody else's, and no secret", async () => {
    const env = { PIN: "not-to-be-found-0815" };
    await manager.client.start({ name: "a", spec: { ...hostileSpec(), env } });
    await manager.client.listTools({ server: "a" });
    await expect.poll(() => kept("listings")).toHaveLength(1);
    await expect.poll(() => kept("programs")).toHaveLength(1);
    const paths = await readdir(dir, { recursive: true });
    for (const path of paths) {
      const found = await stat(join(dir, path));
      expect(found.mode & 0o077).toBe(0);
      if (found.isFile()) expect(await readFile(join(dir, path), "utf8")).not.toContain(env.PIN);
    }
  });

  it("files that may be broken: the servers are taken over all the same, and it is told of", async () => {
    await manager.client.start({ name: "a", spec: hostileSpec() });
    await expect.poll(() => kept("programs")).toHaveLength(1);
    await manager.kill("SIGKILL");
    for (const name of await kept("programs")) await writeFile(join(dir, "cache", "programs", name), '{"version":1,');
    manager = await boot();
    expect(Object.keys(await receivedBy("a"))).toContain("tools/call");
    await expect.poll(() => manager.said.match(/ignored what was kept of a program/g)).toHaveLength(1);
  });
});

describe("A second manager on the same fleet and folder", () => {
  it("is refused, and leaves what the first one keeps as it is", async () => {
    await manager.client.start({ name: "c", spec: counting });
    expect(await count()).toBe("1");
    await expect(boot()).rejects.toThrow("is held by the manager on host");
    await killAndBoot();
    expect(await count()).toBe("2");
  });
});

describe("A state folder that can't be used", () => {
  it("stops the start when it was given, and is named with what would be right", async () => {
    await manager.kill("SIGKILL");
    await chmod(dir, 0o755);
    await expect(boot()).rejects.toThrow(`MCPM_STATE_DIR: ${dir} is open to others (mode 755): chmod 700 ${dir}`);
    await chmod(dir, 0o700);
  });

  it("is done without when it is the default one, which is told once", async () => {
    await manager.kill("SIGKILL");
    manager = await ManagerProcess.start(engine.fleet, { XDG_STATE_HOME: "/proc/none" });
    await manager.client.start({ name: "a", spec: hostileSpec() });
    expect(manager.said.match(/keeps nothing beside the engine/g)).toHaveLength(1);
  });
});
