import { expect, it } from "vitest";
import { volumePath } from "../../../../src/runtime/docker/images/volume-path.ts";

it.each([
  ["/data", "/data"],
  ["//data/./x/", "/data/x"],
  ["rel", "/rel"],
  ["../../../esc", "/esc"],
  ["/a/../b", "/b"],
  ["/", "/"],
  ["..", "/"],
])("The VOLUME %s of an image is mounted at %s", (volume, path) => {
  expect(volumePath(volume)).toBe(path);
});
