import { chmod, mkdir, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { ownerLabels } from "../../../src/runtime/docker/engine/labels.ts";
import { madeBefore } from "../../runtime/docker/containers/made-before.ts";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { OpenFleet } from "../open-fleet.ts";

let open: OpenFleet;
let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-before-")));
  open = new OpenFleet({ bindRoots: [root] });
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
  const left = async () => (await open.engine.runtime.list({})).map(({ id }) => id);
  await expect.poll(left, { timeout: 15_000 }).not.toContain(old.id);
});

/** What the process of the server's container sees. */
const mountsOf = async (name: string) => {
  const { State } = await open.containerOf(name).inspect();
  return await readFile(`/proc/${State.Pid}/mounts`, "utf8");
};

describe("A container that an older manager made in a way that is no longer allowed", () => {
  const restart = { policy: "on_failure", initialBackoffMs: 10 } as const;

  it.each(["node", "1000"])(
    "as the user %s with a writable bind, is made anew when it is started again",
    async (user) => {
      const { docker, fleet } = open.engine;
      const asked = spec({ mounts: [bind()], user, restart });
      const before = await madeBefore({ docker, fleet, server: "a", spec: asked });
      await open.boot();
      await before.kill();
      await expect.poll(() => open.fleet.get("a").restartCount, { timeout: 20_000 }).toBe(1);
      await expect.poll(() => open.fleet.get("a").state, { timeout: 20_000 }).toBe("ready");
      const { Config, Name } = await open.containerOf("a").inspect();
      expect([Config.User, Name]).toEqual(["1000:1000", `/mcp-${fleet}.a`]);
      expect(await open.engine.runtime.list({})).toHaveLength(1);
    },
  );

  it.each(["//tmp", "/tmp/."])("and that does not see its volume at %s, sees it after a Restart", async (target) => {
    const { docker, fleet } = open.engine;
    const source = `${fleet}-hidden`;
    await docker.createVolume({ Name: source, Labels: ownerLabels(fleet) });
    const asked = spec({ mounts: [{ type: "volume", source, target, writable: true }] });
    await madeBefore({ docker, fleet, server: "a", spec: asked });
    await open.boot();
    expect(await mountsOf("a")).toMatch(/^tmpfs \/tmp /m);
    await open.fleet.restart("a", { graceMs: 0, signal: undefined });
    expect(open.fleet.get("a")).toMatchObject({ state: "ready" });
    expect(await mountsOf("a")).not.toMatch(/^tmpfs \/tmp /m);
    expect(await open.engine.runtime.list({})).toHaveLength(1);
  });

  it("and may not be made any more, is FAILED at once and says why; a Restart of it is refused and ends nothing", async () => {
    const { docker, fleet } = open.engine;
    const asked = spec({ mounts: [bind()], user: "0", restart });
    const before = await madeBefore({ docker, fleet, server: "a", spec: asked });
    await open.boot();
    const denied = { kind: "denied", details: { reason: "BIND_NOT_ALLOWED" } };
    await expect(open.fleet.restart("a", { graceMs: 0, signal: undefined })).rejects.toMatchObject(denied);
    expect(await before.inspect()).toMatchObject({ State: { Running: true } });
    await before.kill();
    await expect.poll(() => open.fleet.get("a").state, { timeout: 20_000 }).toBe("failed");
    expect(open.fleet.get("a").failure).toMatchObject({ details: { reason: "BIND_NOT_ALLOWED" } });
  });
});
