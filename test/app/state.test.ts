import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCache, openState } from "../../src/app/state.ts";
import { silentLog } from "../../src/base/log/log.ts";
import { ConfigError } from "../../src/config/settings/setting.ts";

let path: string;
const warnings: string[] = [];
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "state-"));
  warnings.length = 0;
});
afterEach(() => rm(path, { recursive: true }));

const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
const given = (fleet = "f") => ({ path, isGiven: true, fleet });
const byDefault = (fleet = "f") => ({ path, isGiven: false, fleet });

describe("A state folder that can't be used", () => {
  it("stops the start when it is set", async () => {
    await chmod(path, 0o750);
    const opening = openState(given(), log);
    await expect(opening).rejects.toThrow(ConfigError);
    await expect(opening).rejects.toThrow(`MCPM_STATE_DIR: ${path} is open to others (mode 750): chmod 700 ${path}`);
  });

  it("is told of when it is the default one", async () => {
    await chmod(path, 0o750);
    expect(await openState(byDefault(), log)).toBeUndefined();
    expect(await openCache(undefined, { dir: byDefault(), log })).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it("may be the cache in it alone", async () => {
    await writeFile(join(path, "cache"), "");
    const [state, other] = [await openState(given(), log), await openState(byDefault(), log)];
    await expect(openCache(state, { dir: given(), log })).rejects.toThrow(
      `MCPM_STATE_DIR: ${join(path, "cache")} is no folder`,
    );
    expect(await openCache(other, { dir: byDefault(), log })).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it("does not keep the manager from its servers for what may pass", async () => {
    const state = await openState(given(), log);
    await mkdir(join(path, "cache"), { mode: 0o700 });
    // As a full disk would, for the key can't be written in its place.
    await mkdir(join(path, "cache", "key"));
    expect(await openCache(state, { dir: given(), log })).toBeUndefined();
    expect(warnings).toContain("the manager keeps nothing beside the engine until it is started again");
  });

  it("is one of another fleet, which is named", async () => {
    await openState(given("ours"), log);
    await expect(openState(given("theirs"), log)).rejects.toThrow(
      `MCPM_STATE_DIR: ${path} is the state folder of the fleet "ours": choose one for theirs alone`,
    );
    expect(await openState(byDefault("theirs"), log)).toBeUndefined();
    expect(await openState(given("ours"), log)).toBeDefined();
    expect(warnings).toEqual([
      "the manager keeps nothing beside the engine: set MCPM_STATE_DIR to a folder of its own",
    ]);
  });
});

describe("The cache", () => {
  it("has what is known of programs, and what they list, and is written when the manager ends", async () => {
    const state = await openState(given(), log);
    {
      await using cache = await openCache(state, { dir: given(), log });
      cache?.programs.put("p", "known");
      cache?.listings.put("p", "listed");
    }
    await using cache = await openCache(state, { dir: given(), log });
    expect([await cache?.programs.get("p"), await cache?.listings.get("p")]).toEqual(["known", "listed"]);
    expect(await readdir(join(path, "cache"))).toEqual(["key", "listings", "programs"]);
    expect(warnings).toEqual([]);
  });
});
