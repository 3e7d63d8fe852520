import { describe, expect, it } from "vitest";
import { EraCache } from "../../../src/fleet/run/era-cache.ts";

const program = (imageId: string, ...args: string[]) => ({ imageId, spec: { args } });

describe("EraCache", () => {
  it("know a program by its image's id and what is run in it", () => {
    const eras = new EraCache();
    eras.learn(program("a", "x"), "legacy");
    expect(eras.of({ imageId: "a", spec: { args: ["x"] } })).toBe("legacy");
    expect(eras.of(program("b", "x"))).toBeUndefined();
    expect(eras.of(program("a", "y"))).toBeUndefined();
    expect(eras.of({ imageId: "a", spec: { command: ["x"] } })).toBeUndefined();
  });

  it("tell apart what differs in its environment, its files or its folder", () => {
    const eras = new EraCache();
    eras.learn(program("a", "x"), "legacy");
    const mounts = [{ type: "bind", source: "/a", target: "/app" }] as const;
    for (const more of [{ env: { MODE: "new" } }, { mounts }, { workingDir: "/b" }]) {
      expect(eras.of({ imageId: "a", spec: { args: ["x"], ...more } })).toBeUndefined();
    }
  });

  it("forget what did not hold", () => {
    const eras = new EraCache();
    eras.learn(program("a"), "legacy");
    eras.forget(program("a"));
    expect(eras.of(program("a"))).toBeUndefined();
  });

  it("keep the thousand that were seen last", () => {
    const eras = new EraCache();
    for (let index = 0; index < 1000; index += 1) eras.learn(program(`${index}`), "legacy");
    eras.learn(program("0"), "modern");
    eras.learn(program("1000"), "modern");
    expect([0, 1, 2, 1000].map((index) => eras.of(program(`${index}`)))).toEqual([
      "modern",
      undefined,
      "legacy",
      "modern",
    ]);
  });
});
