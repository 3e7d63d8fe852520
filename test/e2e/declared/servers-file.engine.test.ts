import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ServersFileState } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ServerStateSchema } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { TestManager } from "../test-manager.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function folderWith(text: string): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), "mcpm-servers-file-"));
  folders.push(folder);
  const file = join(folder, "servers.yaml");
  await writeFile(file, text);
  return { folder, file };
}

const server = (name: string, more = "") =>
  `  ${name}:\n    image: ${testImage}\n    args: [hostile.mjs]\n    pull_policy: never\n${more}`;

async function fileState(manager: TestManager) {
  const { serversFile } = await manager.client.getInfo({});
  return serversFile;
}

const settled = (manager: TestManager, state: ServersFileState) =>
  expect.poll(async () => (await fileState(manager))?.state, { timeout: 20_000 }).toBe(state);

const names = async (manager: TestManager) =>
  (await manager.client.list({})).servers.map(({ name, state, origin }) => [
    name,
    ServerStateSchema.value[state]?.localName,
    origin,
  ]);

describe("A manager with a servers file", () => {
  it("has the servers of its file when it is up, follows the file, and goes on with them after a restart", async () => {
    const { file } = await folderWith(`servers:\n${server("a")}${server("b", "    start: on_call\n")}`);
    await using manager = await TestManager.start({ MCPM_SERVERS_FILE: file });
    await settled(manager, ServersFileState.APPLIED);
    expect(await names(manager)).toEqual([
      ["a", "READY", "file"],
      ["b", "IDLE", "file"],
    ]);
    const result = await manager.client.callTool({
      server: "b",
      tool: "echo",
      input: { case: "argumentsJson", value: '{"text":"x"}' },
    });
    expect(result.isError).toBe(false);

    const before = (await manager.client.get({ name: "a" })).server?.instances[0]?.containerId;
    await writeFile(file, `servers:\n${server("a")}${server("c")}`);
    await expect
      .poll(() => names(manager), { timeout: 20_000 })
      .toEqual([
        ["a", "READY", "file"],
        ["c", "READY", "file"],
      ]);
    await manager.shutDown();
    await manager.boot();
    await settled(manager, ServersFileState.APPLIED);
    expect((await manager.client.get({ name: "a" })).server?.instances[0]?.containerId).toBe(before);
    await writeFile(file, "servers: {}\n");
    await expect.poll(() => names(manager), { timeout: 20_000 }).toEqual([]);
  });

  it("tells by GetInfo where a mistake stands, and changes nothing for a file with one", async () => {
    const { file } = await folderWith(`servers:\n${server("a")}`);
    await using manager = await TestManager.start({ MCPM_SERVERS_FILE: file });
    await settled(manager, ServersFileState.APPLIED);
    await writeFile(file, `servers:\n  a:\n    imgae: x\n`);
    await settled(manager, ServersFileState.FAILED);
    const { problems = [] } = (await fileState(manager)) ?? {};
    expect(problems.join("\n")).toContain(`${file}:3:5: servers.a.imgae`);
    expect(await names(manager)).toEqual([["a", "READY", "file"]]);
    await writeFile(file, "");
    await expect.poll(async () => (await fileState(manager))?.problems[0], { timeout: 20_000 }).toContain(":1:1:");
    expect(await names(manager)).toEqual([["a", "READY", "file"]]);
  });

  it("sees a file that an editor renames into place, and one behind a link that is swapped", async () => {
    const { folder, file } = await folderWith("servers: {}\n");
    const linked = join(folder, "linked.yaml");
    await writeFile(join(folder, "one.yaml"), "servers: {}\n");
    await writeFile(join(folder, "two.yaml"), `servers:\n${server("linked")}`);
    await symlink("one.yaml", linked);
    await using manager = await TestManager.start({ MCPM_SERVERS_FILE: `${file},${linked}` });
    await settled(manager, ServersFileState.APPLIED);
    await writeFile(join(folder, "new.yaml"), `servers:\n${server("renamed")}`);
    await rename(join(folder, "new.yaml"), file);
    await expect.poll(() => names(manager), { timeout: 20_000 }).toEqual([["renamed", "READY", "file"]]);
    await symlink("two.yaml", join(folder, "swap"));
    await rename(join(folder, "swap"), linked);
    await expect
      .poll(() => names(manager), { timeout: 20_000 })
      .toEqual([
        ["linked", "READY", "file"],
        ["renamed", "READY", "file"],
      ]);
  });

  it("stays declared after a Stop, and a name that a Start has is left to it", async () => {
    const { file } = await folderWith(`servers:\n${server("a")}`);
    await using manager = await TestManager.start({ MCPM_SERVERS_FILE: file });
    await settled(manager, ServersFileState.APPLIED);
    await manager.client.stop({ name: "a" });
    expect(await names(manager)).toEqual([["a", "STOPPED", "file"]]);
    const call = manager.client.callTool({ server: "a", tool: "echo" });
    await expect(call).rejects.toThrow("server a is stopped: Start it, and call again");
    await manager.client.start({ name: "a" });
    expect(await names(manager)).toEqual([["a", "READY", "file"]]);

    await manager.client.start({ name: "mine", spec: { image: testImage, args: ["hostile.mjs"] } });
    await writeFile(file, `servers:\n${server("a")}${server("mine")}`);
    await settled(manager, ServersFileState.INCOMPLETE);
    expect((await fileState(manager))?.problems).toEqual(["mine: it belongs to a Start"]);
  });
});
