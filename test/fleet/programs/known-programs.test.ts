import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log/log.ts";
import { KnownPrograms } from "../../../src/fleet/programs/known-programs.ts";
import { noTextCache, type TextCache } from "../../../src/fleet/programs/text-cache.ts";
import { legacy, running } from "./a-handshake.ts";

const program = (imageId: string, ...args: string[]) => ({ imageId, spec: { args } });
const day = 24 * 3600 * 1000;

function inMemory(): TextCache & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    get: (subject) => Promise.resolve(texts.get(subject)),
    put: (subject, text) => texts.set(subject, text),
  };
}

const seen = { record: running("c", 100), resuming: false, isPinned: false };

describe("KnownPrograms", () => {
  const warnings: string[] = [];
  const programs = (cache: TextCache = noTextCache, nowMs = 0) =>
    new KnownPrograms({ cache, now: () => nowMs, log: { ...silentLog, warn: (message) => warnings.push(message) } });

  it("know a program by its image's id and what is run in it", async () => {
    const known = programs();
    (await known.of(program("a", "x"))).opened(legacy("refused"), seen);
    const hintOf = async (like: Parameters<KnownPrograms["of"]>[0]) => (await known.of(like)).hint?.era;
    expect(await hintOf({ imageId: "a", spec: { args: ["x"] } })).toBe("legacy");
    const mounts = [{ type: "bind", source: "/a", target: "/app" }] as const;
    expect(await hintOf(program("b", "x"))).toBeUndefined();
    expect(await hintOf(program("a", "y"))).toBeUndefined();
    expect(await hintOf({ imageId: "a", spec: { command: ["x"] } })).toBeUndefined();
    for (const more of [{ env: { MODE: "new" } }, { mounts }, { workingDir: "/b" }]) {
      expect(await hintOf({ imageId: "a", spec: { args: ["x"], ...more } })).toBeUndefined();
    }
  });

  it("hold the thousand that were asked for last", async () => {
    const known = programs();
    for (let index = 0; index < 1000; index += 1) (await known.of(program(`${index}`))).diedOfProbe();
    await known.of(program("0"));
    await known.of(program("1000"));
    expect((await known.of(program("0"))).diesOfProbe).toBe(true);
    expect((await known.of(program("1"))).diesOfProbe).toBe(false);
  });

  it("know what an earlier manager learnt, for thirty days", async () => {
    const cache = inMemory();
    (await programs(cache).of(program("a"))).opened(legacy("silent"), seen);
    const later = async (nowMs: number) => (await programs(cache, nowMs).of(program("a"))).hint;
    expect(await later(29 * day)).toEqual({ era: "legacy", answersProbe: false });
    expect(await later(31 * day)).toBeUndefined();
    expect(await later(-31 * day)).toBeUndefined();
  });

  it.each(["", "{", "[]", '{"version":2}', '{"version":1,"sinceMs":0,"era":"stone"}', "\u0000".repeat(100)])(
    "begin anew with what is not theirs: %j",
    async (text) => {
      const cache = { ...inMemory(), get: () => Promise.resolve(text) };
      const known = programs(cache);
      warnings.length = 0;
      for (let times = 1; times <= 2; times += 1) expect((await known.of(program("a"))).hint).toBeUndefined();
      expect(warnings).toEqual(["ignored what was kept of a program: it can't be read"]);
    },
  );

  it("keep nothing of a program whose files nobody can name", async () => {
    const cache = inMemory();
    (await programs(cache).of(program(""))).diedOfProbe();
    expect(cache.texts.size).toBe(0);
  });

  it("keep no value of the environment", async () => {
    const cache = inMemory();
    const known = await programs(cache).of({ imageId: "a", spec: { env: { PIN: "0815" } } });
    known.opened(legacy("refused"), seen);
    expect(JSON.stringify([...cache.texts])).not.toContain("0815");
  });
});
