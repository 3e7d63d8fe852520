import { describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import type { InstanceRecord } from "../../../src/runtime/runtime.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { OpenFleet } from "../open-fleet.ts";

const old: ServerSpec = { image: testImage, args: ["hostile.mjs"], pullPolicy: "never", restart: { policy: "never" } };
const good: ServerSpec = { ...old, env: { A: "1" } };
/** It runs, and never replies. */
const mute: ServerSpec = { ...old, args: ["hostile.mjs", "--silent"], handshakeTimeoutMs: 500 };

type Step = "create" | "run" | "stop" | "mark" | "remove";

function apply(open: OpenFleet, spec: ServerSpec, update: "rolling" | "recreate") {
  const wanted = {
    set: "team",
    prune: false,
    takeOver: false,
    servers: new Map([["a", { spec, start: "now", update }]]),
  };
  const events = open.fleet.apply(wanted as never, { dryRun: false, signal: new AbortController().signal });
  return Array.fromAsync(events);
}

/** What the engine has when a manager died as it was about to do `step` for the `nth` time in an apply. */
async function diedBefore(
  open: OpenFleet,
  { step, nth, spec, update }: { step: Step; nth: number; spec: ServerSpec; update: "rolling" | "recreate" },
): Promise<InstanceRecord[]> {
  await open.boot();
  await apply(open, old, update);
  const dead = Promise.withResolvers<void>();
  let left = nth;
  const { runtime } = open.engine;
  const dying = (...args: unknown[]) => {
    left -= 1;
    if (left > 0) return (runtime[step] as (...args: unknown[]) => unknown).apply(runtime, args);
    dead.resolve();
    return new Promise<never>(() => {});
  };
  open.faults[step] = dying as never;
  void apply(open, spec, update);
  await dead.promise;
  delete open.faults[step];
  return runtime.list({});
}

const only = (records: readonly InstanceRecord[]) => {
  expect(records).toHaveLength(1);
  return records[0] as InstanceRecord;
};

const places: readonly [
  update: "rolling" | "recreate",
  step: Step,
  nth: number,
  found: number,
  result: "old" | "new",
][] = [
  ["rolling", "create", 1, 1, "old"],
  ["rolling", "run", 1, 2, "old"],
  // The new one has shaken hands.
  ["rolling", "mark", 1, 2, "new"],
  ["rolling", "mark", 2, 2, "new"],
  ["rolling", "remove", 1, 2, "new"],
  ["recreate", "mark", 1, 1, "old"],
  ["recreate", "stop", 1, 1, "old"],
  ["recreate", "create", 1, 1, "old"],
  ["recreate", "run", 1, 2, "old"],
  ["recreate", "mark", 2, 2, "new"],
  ["recreate", "mark", 3, 2, "new"],
  ["recreate", "remove", 1, 2, "new"],
];

describe("A manager that died in the middle of an apply", () => {
  it.each(places)(
    "(%s, before %s number %d, with %d containers there) leaves its server wholly %s",
    async (update, step, nth, found, result) => {
      await using open = new OpenFleet();
      expect(await diedBefore(open, { step, nth, spec: good, update })).toHaveLength(found);
      await open.reboot();
      expect(open.fleet.get("a")).toMatchObject({
        state: "ready",
        spec: result === "new" ? good : old,
        origin: "team",
      });
      await expect.poll(() => open.engine.runtime.list({}).then((all) => all.length), { timeout: 15_000 }).toBe(1);
      const record = only(await open.engine.runtime.list({}));
      expect(record).toMatchObject({ mark: "none", state: "running" });
      // And the change can be made after all.
      const events = await apply(open, good, update);
      expect(events.at(-1)).toMatchObject({ failed: 0 });
    },
  );

  it.each(["rolling", "recreate"] as const)(
    "(%s) goes on with the good server when the new one runs and does not reply",
    async (update) => {
      await using open = new OpenFleet();
      // The first removal is that of the one that did not reply.
      const found = await diedBefore(open, { step: "remove", nth: 1, spec: mute, update });
      expect(found.map(({ state }) => state).sort()).toEqual(
        update === "rolling" ? ["running", "running"] : ["exited", "running"],
      );
      await open.reboot();
      expect(open.fleet.get("a")).toMatchObject({ state: "ready", spec: old });
      const record = only(await open.engine.runtime.list({}));
      expect(record).toMatchObject({ mark: "none", state: "running" });
    },
  );
});
