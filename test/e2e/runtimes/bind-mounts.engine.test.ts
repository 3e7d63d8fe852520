import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Code } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import { MountType, PullPolicy, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { errorInfo, failureOf, TestManager, textOf } from "../test-manager.ts";

/** The folder of a person who wants the filesystem server to work on it, with folders in it. */
async function folderOfFiles(): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), "mcpm-files-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const name of ["", "notes", "notes/old"]) {
    await mkdir(path.join(root, name), { recursive: true });
  }
  await chmod(path.join(root, "notes"), 0o777);
  return root;
}

const filesystem = (source: string, more: { user?: string; writable?: boolean } = {}) => {
  const { user, writable = true } = more;
  return {
    image: "mcp/filesystem:latest",
    pullPolicy: PullPolicy.NEVER,
    mounts: [{ type: MountType.BIND, source, target: "/data/", writable }],
    ...(user === undefined ? {} : { user }),
  };
};

describe("A server with a bind mount", () => {
  it("writes as the user of its image, before and after a restart of the manager and of itself", async () => {
    const root = await folderOfFiles();
    await using manager = await TestManager.start({ MCPM_BIND_ROOTS: `${root}/` });
    const spec = filesystem(path.join(root, "notes"));
    const { server } = await manager.client.start({ name: "files", spec });
    expect(server?.state).toBe(ServerState.READY);
    const write = async (name: string) => {
      const input = { case: "arguments", value: { path: `/data/${name}`, content: name } } as const;
      const result = await manager.client.callTool({ server: "files", tool: "write_file", input });
      expect(textOf(result)).toContain("Successfully wrote");
      expect(await readFile(path.join(root, "notes", name), "utf8")).toBe(name);
    };
    await write("first");
    await manager.shutDown();
    await manager.boot();
    expect((await manager.client.start({ name: "files", spec })).server?.instances[0]?.containerId).toBe(
      server?.instances[0]?.containerId,
    );
    await write("second");
    await manager.client.restart({ name: "files", gracePeriod: { seconds: 0n } });
    await write("third");
  });

  it("is refused by the field that is at fault, over the wire, and leaves nothing behind", async () => {
    const root = await folderOfFiles();
    await using manager = await TestManager.start({ MCPM_BIND_ROOTS: root });
    const { client } = manager;
    const refusalOf = async (spec: ReturnType<typeof filesystem>) =>
      errorInfo(await failureOf(client.start({ name: "refused", spec })));
    const refused = (field: string) => ({
      code: Code.PermissionDenied,
      reason: "BIND_NOT_ALLOWED",
      delivery: "not_sent",
      fields: [field],
    });

    for (const user of ["0", "0:0", "root", "4242", "1000:0"]) {
      expect(await refusalOf(filesystem(path.join(root, "notes"), { user }))).toMatchObject(refused("spec.user"));
    }
    expect(await refusalOf(filesystem(path.join(root, "notes", "old"), { writable: false }))).toMatchObject(
      refused("spec.mounts[0].source"),
    );
    await client.start({ name: "writer", spec: filesystem(root) });
    expect(await refusalOf(filesystem(path.join(root, "notes"), { writable: false }))).toMatchObject(
      refused("spec.mounts[0].source"),
    );
    expect((await client.list({})).servers.map(({ name }) => name)).toEqual(["writer"]);
    expect(await manager.containers()).toHaveLength(1);
    await client.stop({ name: "writer", gracePeriod: { seconds: 0n } });
    const { server } = await client.start({
      name: "reader",
      spec: filesystem(path.join(root, "notes"), { user: "0", writable: false }),
    });
    expect(server?.state).toBe(ServerState.READY);
  });
});
