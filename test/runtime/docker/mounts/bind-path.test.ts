import { chmod, lstat, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkBindPath } from "../../../../src/runtime/docker/mounts/bind-path.ts";

const field = "spec.mounts[0].source";
const denied = (folder: string) =>
  expect.objectContaining({
    kind: "denied",
    message: expect.stringContaining(`${field}: "${folder}" can be written by `),
    details: expect.objectContaining({ reason: "BIND_NOT_ALLOWED", violations: [expect.objectContaining({ field })] }),
  });

describe("checkBindPath", () => {
  let root = "";
  let uid = 0;
  const at = (...names: string[]) => path.join(root, ...names);
  const check = (source: string, more: { root?: string; uid?: number } = {}) =>
    checkBindPath(source, { field, root, uid, ...more });

  beforeAll(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-bind-path-")));
    uid = (await lstat(root)).uid;
    await mkdir(at("a", "b", "c"), { recursive: true });
    await writeFile(at("a", "file"), "");
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const withMode = async (folder: string, mode: number, work: () => Promise<unknown>) => {
    const before = (await lstat(folder)).mode & 0o7777;
    await chmod(folder, mode);
    await work();
    await chmod(folder, before);
  };

  test("takes what only root and the manager can swap", async () => {
    await check(at("a", "b", "c"));
    await check(at("a", "file"));
    await check(root);
  });

  test.each([0o775, 0o757, 0o777])("refuses a folder of mode %o on the way, and names it", async (mode) => {
    for (const folder of ["a", "a/b"]) {
      await withMode(at(folder), mode, () => expect(check(at("a", "b", "c"))).rejects.toEqual(denied(at(folder))));
    }
    await withMode(root, mode, () => expect(check(at("a"))).rejects.toEqual(denied(root)));
  });

  test("does not mind who can write to what is mounted itself, nor to what is around the root", async () => {
    await withMode(at("a", "b"), 0o777, () => check(at("a", "b")));
    await withMode(at("a"), 0o777, () => check(at("a", "b", "c"), { root: at("a", "b") }));
  });

  test("takes a sticky folder, where nobody can swap what is another's", async () => {
    await withMode(at("a"), 0o1777, () => check(at("a", "b", "c")));
  });

  test("refuses a folder of another user, sticky or not", async () => {
    if (uid === 0) return;
    await expect(check(at("a"), { uid: uid + 1 })).rejects.toEqual(denied(root));
  });

  test.skipIf(process.getuid?.() !== 0)("refuses a folder that belongs to another user than root", async () => {
    const { chown } = await import("node:fs/promises");
    await chown(at("a", "b"), 4242, 0);
    await expect(check(at("a", "b", "c"))).rejects.toEqual(denied(at("a", "b")));
    await check(at("a", "b", "c"), { uid: 4242 });
    await withMode(at("a"), 0o1777, () => expect(check(at("a", "b"))).rejects.toEqual(denied(at("a"))));
    await chown(at("a", "b"), 0, 0);
  });

  test("refuses a link on the way, which was none a moment ago", async () => {
    await symlink(at("a"), at("link"));
    await expect(check(at("link", "b", "c"))).rejects.toEqual(denied(at("link")));
  });
});
