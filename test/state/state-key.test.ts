import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log/log.ts";
import { StateFolder } from "../../src/state/state-folder.ts";
import { StateKey } from "../../src/state/state-key.ts";

let path: string;
let folder: StateFolder;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "state-"));
  folder = await StateFolder.open(path, { log: silentLog, uid: process.getuid?.() });
});
afterEach(() => rm(path, { recursive: true }));

const idsOf = (key: StateKey) => key.derive("x").map(({ id }) => id);

describe("StateKey", () => {
  it("is made once, readable by the manager alone, and found by the next one", async () => {
    const first = await StateKey.open(folder);
    expect((await stat(join(path, "key"))).mode & 0o777).toBe(0o600);
    expect((await StateKey.open(folder)).derive("x")).toEqual(first.derive("x"));
  });

  it("gives each use a key of its own, which is not the key itself", async () => {
    const key = await StateKey.open(folder);
    const all = [...key.derive("a"), ...key.derive("b")].map((derived) => derived.key.toString("hex"));
    expect(new Set([...all, (await readFile(join(path, "key"), "utf8")).trim()]).size).toBe(3);
  });

  it("has the one before it, too, when that stands on the second line", async () => {
    const [before] = idsOf(await StateKey.open(folder));
    const old = await readFile(join(path, "key"), "utf8");
    await writeFile(join(path, "key"), `${"ab".repeat(32)}\n${old}`);
    expect(idsOf(await StateKey.open(folder))).toEqual([expect.not.stringMatching(before ?? ""), before]);
  });

  it("is what was given, and then nothing is written", async () => {
    const given = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    expect(idsOf(await StateKey.open(folder, given))).toHaveLength(2);
    await expect(stat(join(path, "key"))).rejects.toThrow("ENOENT");
  });

  it("is not made anew in the place of a file that is no key", async () => {
    for (const text of ["", "short", `${"ab".repeat(32)}\n`.repeat(3), "x".repeat(64)]) {
      await writeFile(join(path, "key"), text);
      await expect(StateKey.open(folder), text).rejects.toThrow(/has a file key that is no key/);
    }
  });

  it("lives as long as the manager where there is no folder", async () => {
    expect(idsOf(await StateKey.open(undefined))).not.toEqual(idsOf(await StateKey.open(undefined)));
  });
});
