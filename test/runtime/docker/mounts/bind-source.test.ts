import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isWithin, resolveBindSource } from "../../../../src/runtime/docker/mounts/bind-source.ts";

const field = "spec.mounts[0].source";
const uid = process.getuid?.() ?? 0;
const denied = (text: RegExp) =>
  expect.objectContaining({
    kind: "denied",
    message: expect.stringMatching(text),
    details: expect.objectContaining({
      reason: "BIND_NOT_ALLOWED",
      violations: [expect.objectContaining({ field })],
    }),
  });
const invalid = (text: RegExp) => expect.objectContaining({ kind: "invalid", message: expect.stringMatching(text) });

describe("resolveBindSource", () => {
  let base = "";
  let root = "";

  beforeAll(async () => {
    base = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-binds-")));
    root = path.join(base, "data");
    await mkdir(path.join(root, "project", "..hidden"), { recursive: true });
    await mkdir(path.join(base, "database"));
    await writeFile(path.join(root, "file.txt"), "x");
    await symlink(base, path.join(root, "out"));
    await symlink(path.join(root, "project"), path.join(root, "in"));
    await symlink(root, path.join(base, "alias"));
  });
  afterAll(() => rm(base, { recursive: true, force: true }));

  const resolve = (source: string, roots = [root]) => resolveBindSource(source, { field, roots, uid, ownPlaces: [] });

  test("gives the real path of a folder below a root, of a file, and of the root itself", async () => {
    expect(await resolve(path.join(root, "project"))).toBe(path.join(root, "project"));
    expect(await resolve(path.join(root, "file.txt"))).toBe(path.join(root, "file.txt"));
    expect(await resolve(`${root}/`)).toBe(root);
    expect(await resolve(path.join(root, "project", "..hidden"))).toBe(path.join(root, "project", "..hidden"));
  });

  test("follows a link that stays inside, and gives where it leads", async () => {
    expect(await resolve(path.join(root, "in"))).toBe(path.join(root, "project"));
  });

  test("accepts a root that is itself a link", async () => {
    const alias = path.join(base, "alias");
    expect(await resolve(path.join(alias, "project"), [alias])).toBe(path.join(root, "project"));
  });

  test.each([
    ["a link that leads out", "data/out"],
    ["a path through a link that leads out", "data/out/database"],
    ["a path that climbs out", "data/project/../../database"],
    ["a sibling whose name begins like the root", "database"],
    ["the root's parent", "."],
  ])("denies %s", async (_what, source) => {
    await expect(resolve(`${base}/${source}`)).rejects.toEqual(denied(/not below one of the folders/));
  });

  test("denies a path outside in the same words whether it exists or not", async () => {
    await expect(resolve(`${base}/nothing-here`)).rejects.toEqual(denied(/not below one of the folders/));
  });

  test("refuses a source that does not exist", async () => {
    await expect(resolve(path.join(root, "missing"))).rejects.toEqual(invalid(/does not exist/));
  });

  test("refuses a relative path", async () => {
    await expect(resolve("data")).rejects.toEqual(invalid(/absolute/));
  });

  test("denies everything when there are no roots, or none that exists", async () => {
    await expect(resolve(root, [])).rejects.toEqual(denied(/MCPM_BIND_ROOTS/));
    await expect(resolve(root, [path.join(base, "gone")])).rejects.toEqual(denied(/not below/));
  });

  test("denies a socket", async () => {
    const server = createServer().listen(path.join(root, "engine.sock"));
    try {
      await expect(resolve(path.join(root, "engine.sock"))).rejects.toEqual(denied(/neither a folder nor/));
    } finally {
      server.close();
    }
  });
});

describe("isWithin", () => {
  test("goes by path segments, the root of the file system included", () => {
    expect(isWithin("/data/a", "/")).toBe(true);
    expect(isWithin("/data", "/data")).toBe(true);
    expect(isWithin("/data/..a", "/data")).toBe(true);
    expect(isWithin("/database", "/data")).toBe(false);
    expect(isWithin("/", "/data")).toBe(false);
  });
});
