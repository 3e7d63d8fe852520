import { expect, it } from "vitest";
import { memberPath } from "../../../src/base/text/member-path.ts";

it.each([
  ["", "a", "a"],
  ["a", "b_1", "a.b_1"],
  ["a", 0, "a[0]"],
  ["a", "x y", 'a["x y"]'],
  ["a", "", 'a[""]'],
  ["a", '"', 'a["\\""]'],
])("memberPath writes the step from %j to %j as %s", (before, step, path) => {
  expect(memberPath(before, step)).toBe(path);
});
