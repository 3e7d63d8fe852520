import { expect, it } from "vitest";
import type { Declaration } from "../../../src/base/spec/declaration.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import type { ApplyEvent } from "../../../src/fleet/desired/applies.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { OpenFleet } from "../open-fleet.ts";

const spec: ServerSpec = { image: testImage, args: ["hostile.mjs"], pullPolicy: "never" };

function declared(changes: Partial<ServerSpec> = {}, more: Partial<Declaration> = {}): Declaration {
  return { spec: { ...spec, ...changes }, start: "now", update: "rolling", ...more };
}

async function apply(
  open: OpenFleet,
  servers: Record<string, Declaration>,
  { set = "file", prune = true, takeOver = false, dryRun = false } = {},
): Promise<ApplyEvent[]> {
  const wanted = { set, servers: new Map(Object.entries(servers)), prune, takeOver };
  const signal = AbortSignal.timeout(60_000);
  return Array.fromAsync(open.fleet.apply(wanted, { dryRun, signal }));
}

const idOf = (open: OpenFleet, name: string) => open.fleet.get(name).instances[0]?.record.id;

it("Servers that are declared are there, and those that are unchanged keep their container", async () => {
  await using open = new OpenFleet();
  await open.boot();
  const made = await apply(open, {
    a: declared(),
    b: declared({}, { start: "on_call" }),
    c: declared({}, { start: "manual" }),
  });
  expect(made.at(-1)).toEqual({ kind: "done", changed: 3, kept: 0, failed: 0 });
  expect(open.fleet.list().map(({ name, state, origin }) => [name, state, origin])).toEqual([
    ["a", "ready", "file"],
    ["b", "idle", "file"],
    ["c", "stopped", "file"],
  ]);
  const id = idOf(open, "a");
  const again = await apply(open, { a: declared(), b: declared({}, { start: "on_call" }) });
  expect(again).toMatchObject([
    { kind: "plan", steps: [{ action: "keep" }, { action: "keep" }, { server: "c", action: "remove" }] },
    { kind: "change", server: "c" },
    { kind: "done", changed: 1, kept: 2, failed: 0 },
  ]);
  expect(idOf(open, "a")).toBe(id);
});

it("A changed server is replaced by one that replied before, and a change that does not come up leaves the old one", async () => {
  await using open = new OpenFleet();
  await open.boot();
  await apply(open, { a: declared() });
  const before = idOf(open, "a");
  const bad = await apply(open, { a: declared({ args: ["exiter.mjs"] }) });
  expect(bad).toMatchObject([
    { kind: "plan", steps: [{ action: "replace", by: "rolling", fields: ["args"] }] },
    { kind: "change", server: "a", error: { details: { reason: "SERVER_EXITED" } } },
    { kind: "done", failed: 1 },
  ]);
  expect(idOf(open, "a")).toBe(before);
  expect(open.fleet.get("a")).toMatchObject({ state: "ready", spec });
  await apply(open, { a: declared({ env: { A: "1" } }) });
  expect(open.fleet.get("a")).toMatchObject({ state: "ready", spec: { env: { A: "1" } } });
  await expect.poll(async () => (await open.engine.runtime.list({})).length, { timeout: 20_000 }).toBe(1);
  const { Name } = await open.containerOf("a").inspect();
  expect(Name).toMatch(/\.a$/);
  expect(idOf(open, "a")).not.toBe(before);
});

it("A server with a writable mount stops before its successor starts, and comes back when that does not come up", async () => {
  await using open = new OpenFleet();
  await open.boot();
  const mounts = [{ type: "volume", source: `${open.engine.fleet}-data`, target: "/data", writable: true }] as const;
  await apply(open, { a: declared({ mounts }) });
  const before = idOf(open, "a");
  const bad = await apply(open, { a: declared({ mounts, args: ["exiter.mjs"] }) });
  expect(bad[0]).toMatchObject({ steps: [{ by: "recreate" }] });
  expect(bad.at(-1)).toMatchObject({ failed: 1 });
  expect(idOf(open, "a")).toBe(before);
  expect(open.fleet.get("a").state).toBe("ready");
  expect((await open.containerOf("a").inspect()).Name).toMatch(/\.a$/);
  await apply(open, { a: declared({ mounts, env: { A: "1" } }) });
  expect(open.fleet.get("a").state).toBe("ready");
  expect(idOf(open, "a")).not.toBe(before);
  await expect.poll(async () => (await open.engine.runtime.list({})).length, { timeout: 20_000 }).toBe(1);
});
