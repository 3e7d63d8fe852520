import { expect, it } from "vitest";
import type { InstanceRecord } from "../../../src/runtime/runtime.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { engineDown, OpenFleet } from "../open-fleet.ts";

const spec = {
  image: testImage,
  args: ["hostile.mjs", "--exit-on-probe"],
  pullPolicy: "never",
  restart: { policy: "never" },
} as const;

const idsOf = (records: readonly InstanceRecord[]) => records.map(({ id }) => id);

/** The instances of a fleet whose manager died when `method` was about to be called on the new one. */
async function diedBefore(open: OpenFleet, method: "run" | "remove"): Promise<InstanceRecord[]> {
  const dead = Promise.withResolvers<void>();
  const die = () => {
    dead.resolve();
    return new Promise<never>(() => {});
  };
  // What is removed first is the old one.
  if (method === "remove") open.faults.remove = die;
  else {
    open.faults.run = (...args) => {
      // The first start is the old one's.
      open.faults.run = die;
      return open.engine.runtime.run(...args);
    };
  }
  void open.fleet.start("r", { spec }).catch(() => {});
  await dead.promise;
  return open.engine.runtime.list({});
}

it("A manager that died between the making of the new container and its start goes on with the old one", async () => {
  await using open = new OpenFleet();
  const before = await diedBefore(open, "run");
  expect(before).toHaveLength(2);
  const old = before.find(({ replaces }) => replaces === undefined);
  open.faults.run = open.engine.runtime.run.bind(open.engine.runtime);
  await open.reboot();
  const [left, ...more] = await open.engine.runtime.list({});
  expect(more).toEqual([]);
  expect(left?.id).toBe(old?.id);
  // It is down; a Start finds out once more what it needs.
  await open.fleet.start("r", {});
  const records = await open.engine.runtime.list({});
  expect(records).toMatchObject([{ era: "legacy", replaces: old?.id, state: "running" }]);
});

it("A manager that died before it removed the old container goes on with the new one", async () => {
  await using open = new OpenFleet();
  const before = await diedBefore(open, "remove");
  expect(before).toHaveLength(2);
  const next = before.find(({ replaces }) => replaces !== undefined);
  open.faults.remove = open.engine.runtime.remove.bind(open.engine.runtime);
  await open.reboot();
  const left = async () => idsOf(await open.engine.runtime.list({}));
  await expect.poll(left, { timeout: 15_000 }).toEqual([next?.id]);
  expect(open.fleet.get("r")).toMatchObject({ state: "ready", mcp: { era: "legacy" } });
  const { Name } = await open.engine.docker.getContainer(next?.id ?? "").inspect();
  expect(Name).not.toContain(".next");
});

it("An old container that can't be removed when the new one answers does not fail the start", async () => {
  await using open = new OpenFleet();
  open.faults.remove = engineDown;
  await open.fleet.start("r", { spec });
  expect(open.fleet.get("r").state).toBe("ready");
  expect(open.warnings).toContain("could not clean up after a failed start");
  delete open.faults.remove;
  expect(await open.engine.runtime.list({})).toHaveLength(2);
});

it("A name that could not be taken when a replacement was over is taken at the next look", async () => {
  await using open = new OpenFleet({ reapGraceMs: 600 });
  await open.boot();
  open.faults.mark = engineDown;
  await open.fleet.start("r", { spec });
  const nameNow = async () => (await open.containerOf("r").inspect()).Name;
  expect(await nameNow()).toMatch(/\.r\.next$/);
  delete open.faults.mark;
  await expect.poll(nameNow, { timeout: 20_000 }).toMatch(/\.r$/);
});
