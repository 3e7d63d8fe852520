import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log/log.ts";
import { CacheFolder } from "../../src/state/cache-folder.ts";
import { StateFolder } from "../../src/state/state-folder.ts";

let root: string;
const warnings: unknown[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "cache-folder-"));
  warnings.length = 0;
});
afterEach(() => rm(root, { recursive: true }));

const log = { ...silentLog, warn: (...told: unknown[]) => void warnings.push(told) };
const bounds = { maxFiles: 10, maxTotalBytes: 1000, maxBytes: 100 };
const open = async () => CacheFolder.open(await StateFolder.open(root, { log, uid: process.getuid?.() }), { log });

/** What one manager keeps. */
async function keep(texts: Readonly<Record<string, string>>): Promise<void> {
  await using cache = await open();
  const kept = await cache.texts("kind", bounds);
  for (const [subject, text] of Object.entries(texts)) kept.put(subject, text);
}

/** What the next one finds. */
async function found(...subjects: string[]): Promise<(string | undefined)[]> {
  await using cache = await open();
  const kept = await cache.texts("kind", bounds);
  return Promise.all(subjects.map((subject) => kept.get(subject)));
}

const files = () => readdir(join(root, "kind"));

describe("What is kept in the cache", () => {
  it("is found by the next manager, by what it is about", async () => {
    await keep({ a: "one", b: "zwei ☃" });
    expect(await found("a", "b", "c")).toEqual(["one", "zwei ☃", undefined]);
  });

  it("is found at once, before it is written, and the last of several is", async () => {
    await using cache = await open();
    const kept = await cache.texts("kind", bounds);
    kept.put("a", "one");
    kept.put("a", "two");
    expect(await kept.get("a")).toBe("two");
    await kept.flush();
    kept.put("a", "three");
    await kept.flush();
    expect(await kept.get("a")).toBe("three");
    expect(await files()).toHaveLength(1);
  });

  it("does not tell what it is about: the names differ from folder to folder", async () => {
    await keep({ "PIN=0815": "x" });
    const [before] = await files();
    await rm(join(root, "key"));
    await keep({ "PIN=0815": "x" });
    expect((await files()).filter((name) => name === before)).toHaveLength(1);
    expect(await files()).toHaveLength(2);
  });

  it("is nothing any more when its key is gone or broken, and is begun anew", async () => {
    await keep({ a: "one" });
    await writeFile(join(root, "key"), "short");
    expect(await found("a")).toEqual([undefined]);
    await keep({ a: "two" });
    expect(await found("a")).toEqual(["two"]);
    expect(await readFile(join(root, "key"))).toHaveLength(32);
  });

  it("is bounded in number and bytes: what was written first goes", async () => {
    for (let index = 0; index < 15; index += 1) {
      await keep({ [index]: "x".repeat(90) });
      for (const name of await files())
        await utimes(join(root, "kind", name), 1e9 + index, 1e9 + index).catch(() => {});
    }
    await keep({ last: "y", long: "z".repeat(101), wide: "ä".repeat(60) });
    expect(await found("long", "wide")).toEqual([undefined, undefined]);
    expect((await files()).length).toBeLessThanOrEqual(10);
  });

  it("is lost without harm when it can't be written, which is told once", async () => {
    await using cache = await open();
    const kept = await cache.texts("kind", bounds);
    await rm(join(root, "kind"), { recursive: true });
    for (const text of ["one", "two"]) {
      kept.put("a", text);
      await kept.flush();
    }
    expect(await kept.get("a")).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});
