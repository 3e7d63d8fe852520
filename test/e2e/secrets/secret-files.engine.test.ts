import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Era, MountType, PullPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { testImage, testSecretsDir } from "../../runtime/docker/test-fleet.ts";
import { errorInfo, failureOf, TestManager, textOf } from "../test-manager.ts";

/** Answers a call with what the file holds that it names, or why it can't be read. */
const program = `
  const { readFileSync } = require("node:fs");
  const { createInterface } = require("node:readline");
  const read = (path) => { try { return readFileSync(path, "utf8"); } catch ({ code }) { return code; } };
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) return;
    const say = (result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
    const info = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } };
    say(method === "initialize" ? info : { content: [{ type: "text", text: read(params?.arguments?.path) }] });
  });`;

const spec = {
  image: testImage,
  args: ["-e", program],
  pullPolicy: PullPolicy.NEVER,
  era: Era.LEGACY,
  secretFiles: { "/run/secrets/key": "key", "/run/secrets/deep/key": "key" },
};
const kill = { gracePeriod: { seconds: 0n } };

let folder: string;
let file: string;
let manager: TestManager;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "secret-files-"));
  file = join(folder, "key");
  await writeFile(file, "planted-old\n");
  const secrets = new Map([["key", { kind: "file", path: file } as const]]);
  const state = join(folder, "state");
  manager = await TestManager.start({ MCPM_BIND_ROOTS: "/", MCPM_STATE_DIR: state }, { secrets });
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const folders = () => readdir(join(testSecretsDir, manager.fleet));
async function read(server: string, path = "/run/secrets/key"): Promise<string> {
  const input = { case: "arguments", value: { path } } as const;
  return textOf(await manager.client.callTool({ server, tool: "read", input }));
}

describe("A server with secret_files", () => {
  it.each(["0:0", "1000:1000", "node", "4242"])("reads them as user %s", async (user) => {
    const name = `u${user.replaceAll(/\W/g, "-")}`;
    await manager.client.start({ name, spec: { ...spec, user } });
    expect(await read(name)).toBe("planted-old\n");
    expect(await read(name, "/run/secrets/deep/key")).toBe("planted-old\n");
    await manager.client.stop({ name, ...kill });
    expect(await folders()).toEqual([]);
  });

  it("has new values after a Restart, and the next manager goes on with it", async () => {
    const { client } = manager;
    await client.start({ name: "files", spec });
    await writeFile(file, "planted-new");
    await client.restart({ name: "files", ...kill });
    expect(await read("files")).toBe("planted-new");
    const before = await manager.containers();
    await manager.shutDown();
    // What a manager that was killed left of a container that it was making.
    await mkdir(join(testSecretsDir, manager.fleet, "left"));
    await manager.boot();
    expect(await read("files")).toBe("planted-new");
    expect(await manager.containers()).toEqual(before);
    while ((await folders()).includes("left"));
    expect(await folders()).toHaveLength(1);
  });

  it("has them again after its machine lost its memory", async () => {
    const [id = ""] = await manager.containers();
    await manager.shutDown();
    await manager.engine.docker.getContainer(id).stop({ t: 0 });
    await rm(join(testSecretsDir, manager.fleet), { recursive: true });
    await manager.boot();
    await manager.client.start({ name: "files" });
    expect(await read("files")).toBe("planted-new");
    expect(await manager.containers()).toEqual([id]);
  });

  it("has no value in what the engine shows of it", async () => {
    const [id = ""] = await manager.containers();
    const shown = JSON.stringify(await manager.engine.docker.getContainer(id).inspect());
    expect(shown).toContain("/run/secrets");
    expect(shown).not.toContain("planted");
  });

  it("is not started when its secret can't be read, and leaves nothing", async () => {
    const kept = await folders();
    await rm(file);
    const failure = await failureOf(manager.client.start({ name: "nothing", spec }));
    expect(errorInfo(failure)).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "SECRET_UNRESOLVED",
      fields: ['spec.secret_files["/run/secrets/key"]', 'spec.secret_files["/run/secrets/deep/key"]'],
    });
    await writeFile(file, "planted-new");
    expect(await folders()).toEqual(kept);
    expect(await manager.containers()).toHaveLength(1);
  });
});

describe("With MCPM_BIND_ROOTS=/ no server can mount", () => {
  it.each<[string, () => string]>([
    ["MCPM_SECRETS_DIR", () => testSecretsDir],
    ["the files of another server", () => join(testSecretsDir, manager.fleet)],
    ["what holds MCPM_SECRETS_DIR", () => tmpdir()],
    ["the file of a secret", () => file],
    ["what holds the file of a secret", () => folder],
    ["the state folder", () => join(folder, "state")],
    ["a file of the state folder", () => join(folder, "state", "key")],
    ["what holds the engine's socket", () => "/run"],
    ["everything", () => "/"],
  ])("%s", async (_what, source) => {
    const mounts = [{ type: MountType.BIND, source: source(), target: "/data" }];
    const failure = await failureOf(
      manager.client.start({ name: "thief", spec: { ...spec, secretFiles: {}, mounts } }),
    );
    expect(errorInfo(failure)).toMatchObject({
      code: Code.PermissionDenied,
      reason: "BIND_NOT_ALLOWED",
      fields: ["spec.mounts[0].source"],
    });
    expect(failure.rawMessage).toContain("the manager's own: its state, a secret, a key or a socket");
  });
});
