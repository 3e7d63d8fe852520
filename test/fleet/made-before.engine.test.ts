import { chmod, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ownerLabels } from "../../src/runtime/docker/labels.ts";
import type { ServerSpec } from "../../src/spec.ts";
import { madeBefore } from "../runtime/docker/made-before.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { OpenFleet } from "./open-fleet.ts";

let open: OpenFleet;
let root: string;
beforeEach(async () => {
  open = new OpenFleet();
  root = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-before-")));
  await mkdir(path.join(root, "data"));
  await chmod(path.join(root, "data"), 0o777);
});
afterEach(async () => {
  await open[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const spec = (more: Partial<ServerSpec> = {}) => TestFleet.spec("hostile.mjs", more);
const bind = () => ({ type: "bind", source: path.join(root, "data"), target: "/data", writable: true }) as const;

it.each<[string, () => ServerSpec]>([
  ["of defaults", () => spec()],
  ["with an environment and labels", () => spec({ env: { TOKEN: "hunter2" }, labels: { "traefik.enable": "true" } })],
  ["with a writable bind, as its image's user", () => spec({ mounts: [bind()] })],
  ["with a writable bind, as root", () => spec({ mounts: [bind()], user: "0" })],
  ["with a writable bind, as a user by name", () => spec({ mounts: [bind()], user: "node" })],
  ["with a target in a form of its own", () => spec({ mounts: [{ ...bind(), target: "//data/./" }] })],
  ["with a tmpfs and capabilities", () => spec({ mounts: [{ type: "tmpfs", target: "/x" }], capAdd: ["NET_RAW"] })],
  ["on the bridge, with a writable root", () => spec({ network: "bridge", readOnlyRoot: false })],
  ["with tight limits", () => spec({ limits: { cpus: 0.5, memoryBytes: 134_217_728, pids: 64 } })],
])("A server %s that an older manager made is adopted, and a Start with its spec finds it", async (_what, specOf) => {
  const { docker, fleet } = open.engine;
  const asked = specOf();
  const before = await madeBefore({ docker, fleet, server: "a", spec: asked });
  await open.boot();
  expect(open.errors).toEqual([]);
  expect(open.fleet.get("a")).toMatchObject({ state: "ready", failure: undefined });
  expect(open.fleet.get("a").instances.map(({ record }) => record.id)).toEqual([before.id]);
  expect(open.fleet.get("a").spec.image).toBe(asked.image);
  await open.fleet.stop("a", { graceMs: 0 });
  expect(await open.engine.runtime.list({})).toEqual([]);
});

it("Copies and replacements that an older manager made are what they were", async () => {
  const { docker, fleet } = open.engine;
  const made = { docker, fleet, server: "a", spec: spec({ replicas: 2 }) };
  const copies = [await madeBefore(made), await madeBefore({ ...made, replica: 1 })];
  const one = { docker, fleet, server: "b", spec: spec() };
  const old = await madeBefore(one);
  const next = await madeBefore({ ...one, replaces: old.id, era: "legacy" });
  await open.boot();
  const ids = (name: string) => open.fleet.get(name).instances.map(({ record }) => record.id);
  expect(ids("a")).toEqual(copies.map(({ id }) => id));
  expect(ids("b")).toEqual([next.id]);
  expect((await open.engine.runtime.list({})).map(({ id }) => id)).not.toContain(old.id);
});

it("A mount that an older manager hid is not done without when its server is started again", async () => {
  const { docker, fleet } = open.engine;
  const mounts = [{ type: "volume", source: `${fleet}-hidden`, target: "//tmp", writable: true }] as const;
  const asked = spec({ mounts, restart: { policy: "never" } });
  await docker.createVolume({ Name: `${fleet}-hidden`, Labels: ownerLabels(fleet) });
  const before = await madeBefore({ docker, fleet, server: "a", spec: asked });
  await open.boot();
  expect(open.fleet.get("a")).toMatchObject({ state: "ready", failure: undefined });
  await before.kill();
  await expect.poll(() => open.fleet.get("a").state).toBe("failed");
  await expect(open.fleet.start("a", {})).rejects.toMatchObject({
    message: expect.stringContaining("Stop the server"),
    details: { reason: "START_REFUSED" },
  });
  await open.fleet.stop("a", { graceMs: 0 });
  const normal = { ...asked, mounts: [{ ...mounts[0], target: "/tmp" }] };
  expect((await open.fleet.start("a", { spec: normal })).state).toBe("ready");
});
