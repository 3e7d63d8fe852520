import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log/log.ts";
import { StateFolder } from "../../src/state/state-folder.ts";

let root: string;
const warnings: unknown[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "state-folder-"));
  warnings.length = 0;
});
afterEach(() => rm(root, { recursive: true }));

const uid = process.getuid?.();
const log = { ...silentLog, warn: (...told: unknown[]) => void warnings.push(told) };
const open = (path: string, as = uid) => StateFolder.open(path, { log, uid: as });
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe("StateFolder.open", () => {
  it("makes the folder, and lets nobody else in", async () => {
    const { path } = await open(join(root, "a", "b"));
    expect(await modeOf(path)).toBe(0o700);
    expect(await readdir(path)).toEqual([]);
  });

  it.each([0o701, 0o710, 0o740, 0o777])(
    "refuses one that others can use (%o), and says what would be right",
    async (mode) => {
      const path = join(root, "open");
      await mkdir(path);
      await chmod(path, mode);
      await expect(open(path)).rejects.toThrow(
        `${path} is open to others (mode ${mode.toString(8)}): chmod 700 ${path}`,
      );
    },
  );

  it.each([
    ["with the sticky bit", async (path: string) => chmod(path, 0o1777)],
    ["that has other folders", async (path: string) => mkdir(join(path, "home"))],
  ])("advises to choose another one, and not to close it, for one %s", async (_what, change) => {
    const path = join(root, "open");
    await mkdir(path);
    await chmod(path, 0o755);
    await change(path);
    const refused = expect(open(path)).rejects;
    await refused.toThrow(/is open to others .* other things in it: choose a folder of the manager's own/);
    await expect(open("/")).rejects.toThrow(/such as \/mcp-docker-manager$/);
  });

  it("refuses one of another user", async () => {
    await expect(open(root, 4242)).rejects.toThrow(`belongs to user ${uid}, and the manager is user 4242: chown 4242`);
  });

  it("refuses what is no folder, lies below a file, or can't be made", async () => {
    const file = join(root, "file");
    await writeFile(file, "");
    await expect(open(file)).rejects.toThrow(`${file} is no folder`);
    await expect(open(join(file, "below"))).rejects.toThrow("is no folder, or lies below a file");
    await symlink(join(root, "nowhere"), join(root, "link"));
    await expect(open(join(root, "link"))).rejects.toThrow(/link is a link to nothing/);
    await expect(open("/proc/mcpm")).rejects.toThrow("/proc/mcpm can't be made");
  });

  it.skipIf(uid === 0)("refuses one that is read-only", async () => {
    await chmod(root, 0o500);
    await expect(open(root)).rejects.toThrow(`${root} can't be written to`);
    await chmod(root, 0o700);
  });
});

describe("A file of the state folder", () => {
  it("is read back as it was written, and is nobody else's", async () => {
    const folder = await open(root);
    await folder.write("a", "one");
    await folder.write("a", Buffer.from([0, 255]));
    expect(await folder.read("a", { maxBytes: 10 })).toEqual(Buffer.from([0, 255]));
    expect(await modeOf(join(root, "a"))).toBe(0o600);
    await folder.remove("a");
    expect(await folder.read("a", { maxBytes: 10 })).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it("is told of and ignored when it is larger than anybody wrote it, or no file", async () => {
    const folder = await open(root);
    await folder.write("a", "");
    await truncate(join(root, "a"), 1e9);
    await mkdir(join(root, "b"));
    expect(await folder.read("a", { maxBytes: 10 })).toBeUndefined();
    expect(await folder.read("b", { maxBytes: 1e6 })).toBeUndefined();
    expect(warnings).toHaveLength(2);
  });

  it.each([
    ["a pipe", (path: string) => void execFileSync("mkfifo", [path])],
    ["a link to a file", (path: string) => symlink("/etc/hostname", path)],
    ["a link to a device", (path: string) => symlink("/dev/zero", path)],
    ["a link to nothing", (path: string) => symlink("nowhere", path)],
  ])("is told of and ignored when it is %s, and can be written anew", async (_what, make) => {
    const folder = await open(root);
    await make(join(root, "a"));
    expect(await folder.read("a", { maxBytes: 10 })).toBeUndefined();
    expect(warnings).toEqual([
      ["ignored a file of the state folder", expect.objectContaining({ file: join(root, "a") })],
    ]);
    expect(await folder.files()).toEqual([]);
    await folder.write("a", "mine");
    expect(await folder.read("a", { maxBytes: 10 })).toEqual(Buffer.from("mine"));
  });

  it("is read when it has just as many bytes as are allowed, and not with one more", async () => {
    const folder = await open(root);
    await folder.write("a", "x".repeat(11));
    expect(await folder.read("a", { maxBytes: 10 })).toBeUndefined();
    expect(await folder.read("a", { maxBytes: 11 })).toHaveLength(11);
    await folder.write("a", "");
    expect(await folder.read("a", { maxBytes: 10 })).toHaveLength(0);
  });

  it("that a manager died over is removed, and never read", async () => {
    const folder = await open(root);
    await folder.write("a", "whole");
    await writeFile(join(root, "a.012345678901.half"), "who");
    expect((await folder.files()).map(({ name }) => name)).toEqual(["a"]);
    expect(await readdir(root)).toEqual(["a"]);
    expect(await readFile(join(root, "a"), "utf8")).toBe("whole");
  });
});

describe("Reading a file of the state folder", () => {
  it("is read when it is a regular one, and not through a link, from a pipe or beyond its bound", async () => {
    const folder = await open(join(root, "own"));
    await folder.write("good", "text");
    await symlink("good", join(folder.path, "link"));
    await symlink("/dev/zero", join(folder.path, "endless"));
    execFileSync("mkfifo", [join(folder.path, "pipe")]);
    await mkdir(join(folder.path, "folder"));
    await writeFile(join(folder.path, "long"), "too long");
    const read = (name: string) => folder.read(name, { maxBytes: 4 });
    expect((await read("good"))?.toString()).toBe("text");
    for (const name of ["link", "endless", "pipe", "folder", "long"]) expect(await read(name)).toBeUndefined();
    expect(warnings).toHaveLength(5);
    expect(await read("missing")).toBeUndefined();
    expect(warnings).toHaveLength(5);
  });
});
