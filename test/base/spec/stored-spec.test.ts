import { describe, expect, it } from "vitest";
import { serverSpecSchema } from "../../../src/base/spec/spec-schema.ts";
import { storedSpec } from "../../../src/base/spec/stored-spec.ts";

describe("storedSpec", () => {
  it.each([
    ["a value above its bound", { image: "a", replicas: 33, limits: { cpus: 1e6 }, capAdd: ["x".repeat(100)] }],
    [
      "a text that breaks its pattern",
      { image: "a b", user: "a b", mounts: [{ type: "volume", source: "/", target: "x" }] },
    ],
    ["names that are not possible any more", { image: "a", env: { "A-B": "" }, labels: { "": "x", "mcpm.x": "y" } }],
    ["fields that contradict each other", { image: "a", restart: { initialBackoffMs: 2, maxBackoffMs: 1 } }],
    ["more than fits a label", { image: "a", args: ["x".repeat(70_000)] }],
  ])("reads a spec with %s, as it was kept", (_what, spec) => {
    expect(serverSpecSchema.safeParse(spec).success).toBe(false);
    expect(storedSpec(spec, "it")).toEqual(spec);
  });

  it.each([
    ["a field that this version does not know", { image: "a", gpu: 1 }, "unrecognized"],
    ["a word that it does not know", { image: "a", era: "next" }, "era: must be unset"],
    ["a kind of mount that it does not know", { image: "a", mounts: [{ type: "image", target: "/x" }] }, "must be set"],
    ["another kind of value", { image: "a", replicas: "2" }, "replicas: "],
    ["a missing field", {}, "image: "],
    ["a list", [], "expected object"],
  ])("throws for %s", (_what, spec, problem) => {
    expect(() => storedSpec(spec, "the label")).toThrow(new RegExp(`^the label is not a spec: .*${problem}`, "i"));
  });

  it("reads the paths that an older manager kept as they were given as the schema has them now", () => {
    const mounts = [
      { type: "bind", source: "/srv//files/.", target: "//data/" },
      { type: "volume", source: "notes", target: "/./notes" },
    ];
    const kept = { image: "a", replicas: 33, mounts, workingDir: "/srv/./x//" };
    const read = storedSpec(kept, "it");
    const { replicas: _tooMany, ...valid } = kept;
    expect(read).toEqual({ ...serverSpecSchema.parse(valid), replicas: 33 });
    expect(read.mounts?.map(({ source, target }) => [source, target])).toEqual([
      ["/srv/files", "/data"],
      ["notes", "/notes"],
    ]);
    expect(read.workingDir).toBe("/srv/x");
  });

  it("changes nothing else, as the schema doesn't", () => {
    const spec = {
      image: "a//b",
      env: { A: "//" },
      args: ["/a/"],
      mounts: [{ type: "tmpfs", target: "/x" }],
      labels: { a: "/" },
    };
    expect(serverSpecSchema.parse(spec)).toEqual(spec);
    expect(storedSpec(spec, "it")).toEqual(spec);
  });
});
