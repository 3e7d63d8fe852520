import { describe, expect, it } from "vitest";
import { serverSpecSchema } from "../src/spec-schema.ts";
import { storedSpec } from "../src/stored-spec.ts";

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
    expect(storedSpec(spec, "it")).toBe(spec);
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

  it("may hand on what was kept, since the schema changes no value", () => {
    const spec = { image: "a", env: { A: "" }, mounts: [{ type: "tmpfs", target: "/x" }], labels: { a: "b" } };
    expect(serverSpecSchema.parse(spec)).toEqual(spec);
  });
});
