import { describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { checkedVolumes } from "../../../../src/runtime/docker/mounts/image-volumes.ts";

const spec: ServerSpec = { image: "i", mounts: [{ type: "tmpfs", target: "/data" }] };
const modes = ["keep", "tmpfs", "refuse"] as const;

describe("The VOLUMEs of an image", () => {
  it("are left where neither the spec nor the manager mounts anything, in the engine's spelling", () => {
    const volumes = ["/data/", "//tmp/.", "/x/", "/a/../b", "/x/./"];
    expect(checkedVolumes(spec, { volumes }, { imageVolumes: "tmpfs" })).toEqual(["/x", "/b"]);
  });

  it.each(["rel", "../../esc", "./x", "tmp", "data", "~/x"])("at %s are kept, or the image is refused", (path) => {
    const check = (imageVolumes: "keep" | "tmpfs" | "refuse") =>
      checkedVolumes(spec, { volumes: [path] }, { imageVolumes });
    expect(check("keep").every((place) => place.startsWith("/"))).toBe(true);
    for (const mode of ["tmpfs", "refuse"] as const) expect(() => check(mode)).toThrow(/^spec\.image: .*absolute path/);
  });

  it.each(["/", "//", "/..", ".", "..", "a/.."])("at the root, as %s, are refused whatever the setting", (path) => {
    for (const imageVolumes of modes) {
      expect(() => checkedVolumes(spec, { volumes: [path] }, { imageVolumes })).toThrow(/hide all of the image/);
    }
  });

  it("are at most 64", () => {
    const volumes = Array.from({ length: 65 }, (_, index) => `/v${index}`);
    for (const imageVolumes of modes) {
      expect(() => checkedVolumes(spec, { volumes }, { imageVolumes })).toThrow(/has 65 VOLUMEs; at most 64/);
    }
    expect(checkedVolumes(spec, { volumes: volumes.slice(1) }, { imageVolumes: "tmpfs" })).toHaveLength(64);
  });
});
