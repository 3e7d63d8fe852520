import { expect, it } from "vitest";
import { superseded } from "../../../src/fleet/state/replacements.ts";
import type { InstanceRecord } from "../../../src/runtime/runtime.ts";

function record(id: string, state: InstanceRecord["state"], more: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    id,
    server: "s",
    instance: "i",
    replica: 0,
    spec: { image: "x" },
    state,
    mark: "none",
    usability: { kind: "usable" },
    imageId: "",
    imageDigest: "",
    createTimeMs: 0,
    ...more,
  };
}

it.each([
  ["running", "replacing", ["old"]],
  ["running", "stopping", ["old", "next"]],
  ["created", "replacing", ["next"]],
  ["exited", "replacing", ["next"]],
  ["paused", "replacing", ["next"]],
] as const)("Of an old instance and a new one that is %s (marked as %s), these go: %j", (state, mark, going) => {
  const old = record("old", "exited");
  const next = record("next", state, { replaces: "old", mark });
  expect([...superseded([old, next, record("other", "running")])].map(({ id }) => id)).toEqual(going);
});

it("An instance whose predecessor is gone has nobody to yield to", () => {
  expect(superseded([record("next", "exited", { replaces: "gone" })]).size).toBe(0);
});
