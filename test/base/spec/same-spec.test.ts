import { describe, expect, it } from "vitest";
import { sameSpec } from "../../../src/base/spec/same-spec.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";

const spec: ServerSpec = {
  image: "i",
  env: { A: "1", B: "2" },
  mounts: [{ type: "bind", source: "/s", target: "/t" }],
};

describe("sameSpec", () => {
  it("does not care about the order of keys", () => {
    expect(
      sameSpec(spec, { mounts: [{ target: "/t", source: "/s", type: "bind" }], env: { B: "2", A: "1" }, image: "i" }),
    ).toBe(true);
  });

  it("sees another env value, another order of arguments, and a field that only one gives", () => {
    expect(sameSpec(spec, { ...spec, env: { A: "1", B: "3" } })).toBe(false);
    expect(sameSpec({ image: "i", args: ["a", "b"] }, { image: "i", args: ["b", "a"] })).toBe(false);
    expect(sameSpec(spec, { ...spec, limits: { cpus: 1 } })).toBe(false);
  });
});
