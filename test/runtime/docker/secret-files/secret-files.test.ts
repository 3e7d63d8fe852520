import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../../src/base/log/log.ts";
import { SecretValues } from "../../../../src/base/spec/secret-values.ts";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { fileOwner, type MadeFolders, SecretFiles } from "../../../../src/runtime/docker/secret-files/secret-files.ts";

const uid = process.getuid?.() ?? 0;
const owner = { uid, gid: process.getgid?.() ?? 0 };
const spec: ServerSpec = { image: "i", secretFiles: { "/s/a": "x", "/s/deep/b": "y", "/t/c": "x" } };
const values = (text: string) =>
  new SecretValues({
    env: {},
    files: new Map(Object.keys(spec.secretFiles ?? {}).map((path) => [path, Buffer.from(text)])),
    digests: [],
  });

let dir: string;
let files: SecretFiles;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "secret-files-"));
  files = new SecretFiles({ dir, fleet: "f", uid, log: silentLog });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const listed = ({ mounts }: MadeFolders) => mounts.map(({ Source, Target }) => ({ Source, Destination: Target }));
const folders = () => readdir(join(dir, "f"));
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe("Files of secrets", () => {
  it("lie in one folder a mount, and only their owner may read them", async () => {
    await using made = await files.make(spec, { values: values("hunter2"), owner });
    expect(made.mounts).toMatchObject([
      { Type: "bind", Target: "/s", ReadOnly: true },
      { Type: "bind", Target: "/t", ReadOnly: true },
    ]);
    const [s = "", t = ""] = made.mounts.map(({ Source }) => Source);
    for (const path of [join(s, "a"), join(s, "deep", "b"), join(t, "c")]) {
      expect(await readFile(path, "utf8")).toBe("hunter2");
      expect(await modeOf(path)).toBe(0o400);
    }
    for (const folder of [s, t, join(s, "deep"), join(s, ".."), join(dir, "f")]) {
      expect(await modeOf(folder)).toBe(0o700);
    }
  });

  it("are changed in place, whole, while somebody has one open", async () => {
    await using made = await files.make(spec, { values: values("old"), owner });
    const path = join(made.mounts[0]?.Source ?? "", "a");
    await using before = await open(path);
    await files.update(spec, { mounts: listed(made), values: values("newer"), owner });
    expect(await before.readFile("utf8")).toBe("old");
    expect(await readFile(path, "utf8")).toBe("newer");
    expect(await modeOf(path)).toBe(0o400);
    expect(await readdir(join(path, ".."))).toEqual(["a", "deep"]);
  });

  it("are left alone when their values are what they were", async () => {
    await using made = await files.make(spec, { values: values("same"), owner });
    const path = join(made.mounts[0]?.Source ?? "", "a");
    const { ino } = await stat(path);
    await files.update(spec, { mounts: listed(made), values: values("same"), owner });
    expect((await stat(path)).ino).toBe(ino);
  });

  it("are made again where the machine has lost them", async () => {
    await using made = await files.make(spec, { values: values("old"), owner });
    await rm(dir, { recursive: true });
    await files.update(spec, { mounts: listed(made), values: values("new"), owner });
    expect(await readFile(join(made.mounts[1]?.Source ?? "", "c"), "utf8")).toBe("new");
  });

  it("are written into no folder but the manager's own", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "elsewhere-"));
    await files.update(spec, { mounts: [{ Source: elsewhere, Destination: "/s" }], values: values("x"), owner });
    expect(await readdir(elsewhere)).toEqual([]);
    await rm(elsewhere, { recursive: true });
  });

  it("go when their container was not made", async () => {
    const made = await files.make(spec, { values: values("x"), owner });
    await made[Symbol.asyncDispose]();
    expect(await folders()).toEqual([]);
  });

  it("go when no container has them, but not while one is being made", async () => {
    const kept = await files.make(spec, { values: values("x"), owner });
    kept.keep();
    await kept[Symbol.asyncDispose]();
    const making = await files.make(spec, { values: values("x"), owner });
    // As after a manager that died.
    await mkdir(join(dir, "f", "left"));
    await files.sweep(async () => listed(kept).map(({ Source }) => Source));
    expect(await folders()).toHaveLength(2);
    await making[Symbol.asyncDispose]();
    await files.sweep(async () => []);
    expect(await folders()).toEqual([]);
  });

  it("that come into being while it is asked who has any are not taken for nobody's", async () => {
    await using first = await files.make(spec, { values: values("x"), owner });
    first.keep();
    await first[Symbol.asyncDispose]();
    let late: MadeFolders | undefined;
    await files.sweep(async () => {
      late = await files.make(spec, { values: values("x"), owner });
      late.keep();
      await late[Symbol.asyncDispose]();
      return [];
    });
    expect(late?.mounts[0]?.Source).toContain((await folders())[0] ?? "nothing");
  });

  it("are refused in a folder that others may write to", async () => {
    await chmod(dir, 0o777);
    await expect(files.make(spec, { values: values("x"), owner })).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringMatching(/spec\.secret_files: MCPM_SECRETS_DIR=.* must be the manager's own.*chmod 700/),
    });
  });

  it("are refused in a place where no folder can be", async () => {
    const nowhere = new SecretFiles({ dir: "/proc/nope", fleet: "f", uid, log: silentLog });
    await expect(nowhere.make(spec, { values: values("x"), owner })).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringMatching(/MCPM_SECRETS_DIR=\/proc\/nope can't be used \(ENOENT\)/),
    });
  });

  it("are refused where the engine is elsewhere or maps users, by their field", () => {
    for (const engine of [
      { isRemote: true, mapsUsers: false },
      { isRemote: false, mapsUsers: true },
    ]) {
      expect(() => files.check(spec, engine)).toThrow(/^spec\.secret_files: needs an engine .*: use secrets$/);
      expect(() => files.check({ image: "i" }, engine)).not.toThrow();
    }
  });

  it("have an owner by numbers, or are refused", () => {
    expect(fileOwner("1000:7")).toEqual({ uid: 1000, gid: 7 });
    for (const unknown of [undefined, ""]) expect(() => fileOwner(unknown)).toThrow(/set user to numbers/);
  });
});
