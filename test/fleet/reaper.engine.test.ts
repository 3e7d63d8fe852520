import { expect, it } from "vitest";
import { ownerLabels } from "../../src/runtime/docker/labels.ts";
import { TestFleet, testImage } from "../runtime/docker/test-fleet.ts";
import { OpenFleet } from "./open-fleet.ts";

/** A container with our labels that no server has. */
async function orphan(open: OpenFleet, labels: Record<string, string>): Promise<string> {
  const { engine } = open;
  const options = { Image: testImage, Labels: { ...ownerLabels(engine.fleet), ...labels } };
  const container = await engine.docker.createContainer(options);
  await container.start();
  return container.id;
}

const idsOf = async (open: OpenFleet) => (await open.engine.runtime.list({})).map(({ id }) => id);

it("The reaper removes what belongs to nobody after the grace period, says so, and leaves servers, other versions and other fleets alone", async () => {
  // Long enough for a busy engine to make all three before the first is removed.
  await using open = new OpenFleet({ reapGraceMs: 5000 });
  await using other = new OpenFleet();
  await open.boot();
  await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs") });
  const second = {
    ...ownerLabels(open.engine.fleet),
    "mcpm.server": "a",
    "mcpm.instance": "2",
    "mcpm.spec": '{"image":"x"}',
  };
  const orphans = [await orphan(open, {}), await orphan(open, second)];
  const unreadable = await orphan(open, { "mcpm.server": "b", "mcpm.spec": '{"image":"x","replicas":"new"}' });
  const foreign = await orphan(other, {});
  const mine = open.fleet.get("a").instances[0]?.record.id;
  expect(new Set(await idsOf(open))).toEqual(new Set([mine, ...orphans, unreadable]));
  const left = async () => new Set(await idsOf(open));
  await expect.poll(left, { timeout: 30_000 }).toEqual(new Set([mine, unreadable]));
  expect(await idsOf(other)).toEqual([foreign]);
  const told = open.warnings.filter((text) => text === "removing a container that belongs to nobody");
  expect(told).toHaveLength(2);
});

it("The reaper leaves a container alone that belongs to somebody again before the grace period ends", async () => {
  await using open = new OpenFleet({ reapGraceMs: 1000 });
  await open.boot();
  await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs") });
  const mine = open.fleet.get("a").instances[0]?.record.id;
  await open.fleet.close({ drainMs: 0 });
  await open.boot();
  let rounds = 0;
  const { runtime } = open.engine;
  open.faults.list = (options) => {
    rounds += 1;
    return runtime.list(options);
  };
  await expect.poll(() => rounds, { timeout: 8000 }).toBeGreaterThan(5);
  expect(await idsOf(open)).toEqual([mine]);
});

it("What no event told of is found when the reaper lists", async () => {
  await using open = new OpenFleet({ reapGraceMs: 1500 });
  open.faults.watch = () => ({ [Symbol.asyncDispose]: async () => {} });
  await open.boot();
  await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs") });
  const record = () => open.fleet.get("a").instances[0]?.record;
  await open.engine.docker.getContainer(record()?.id ?? "").pause();
  await expect.poll(() => record()?.state, { timeout: 8000 }).toBe("paused");
});
