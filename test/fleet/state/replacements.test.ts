import { expect, it } from "vitest";
import { outcomeOf, replacementsAmong } from "../../../src/fleet/state/replacements.ts";
import type { InstanceRecord } from "../../../src/runtime/runtime.ts";

function record(id: string, more: Partial<InstanceRecord>): InstanceRecord {
  return {
    id,
    server: "s",
    instance: "i",
    replica: 0,
    spec: { image: "x" },
    state: "running",
    mark: "none",
    usability: { kind: "usable" },
    imageId: "",
    imageDigest: "",
    keepsData: false,
    createTimeMs: 0,
    ...more,
  };
}

/** The table of docs/internals/replacement.md. */
it.each([
  // A rolling replacement, in the order of its steps.
  [{ mark: "none" }, { mark: "replacing", state: "created" }, ["next"]],
  [{ mark: "none" }, { mark: "replacing", state: "running" }, "ask"],
  [{ mark: "none", state: "exited" }, { mark: "replacing", state: "running" }, "ask"],
  [{ mark: "none" }, { mark: "replacing", state: "exited" }, ["next"]],
  [{ mark: "none" }, { mark: "replacing", state: "paused" }, ["next"]],
  [{ mark: "stopping" }, { mark: "replacing", state: "running" }, ["old"]],
  [{ mark: "stopping" }, { mark: "none", state: "running" }, ["old"]],
  [{ mark: "stopping" }, { mark: "none", state: "exited" }, ["old"]],
  // One where a mount is writable.
  [{ mark: "replaced", state: "running" }, { mark: "replacing", state: "created" }, ["next"]],
  [{ mark: "replaced", state: "exited" }, { mark: "replacing", state: "created" }, ["next"]],
  [{ mark: "replaced", state: "exited" }, { mark: "replacing", state: "running" }, "ask"],
  [{ mark: "replaced", state: "exited" }, { mark: "replacing", state: "exited" }, ["next"]],
  [{ mark: "replaced", state: "exited" }, { mark: "none", state: "running" }, ["old"]],
  // A Stop in between.
  [{ mark: "none" }, { mark: "stopping", state: "running" }, ["old", "next"]],
  [{ mark: "replaced", state: "exited" }, { mark: "stopping", state: "exited" }, ["old", "next"]],
] as const)("Of an old container that is %j and a new one that is %j, these go: %j", (before, after, going) => {
  const old = record("old", before);
  const next = record("next", { replaces: "old", ...after });
  const [pair, ...more] = replacementsAmong([old, next, record("other", {})]);
  if (pair === undefined) throw new Error("the two are no pair");
  const outcome = outcomeOf(pair);
  expect(outcome === "ask" ? outcome : outcome.map(({ id }) => id)).toEqual(going);
  expect(more).toEqual([]);
});

it("A container whose predecessor is gone, or was another instance's, has nobody to yield to", () => {
  expect(replacementsAmong([record("next", { replaces: "gone" })])).toEqual([]);
  expect(replacementsAmong([record("old", { replica: 1 }), record("next", { replaces: "old" })])).toEqual([]);
});
