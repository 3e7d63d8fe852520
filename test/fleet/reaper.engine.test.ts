import { expect, it } from "vitest";
import { containerName } from "../../src/runtime/docker/containers/container-name.ts";
import { ownerLabels } from "../../src/runtime/docker/engine/labels.ts";
import { TestFleet, testImage } from "../runtime/docker/test-fleet.ts";
import { Recorder } from "../runtime/recorder.ts";
import { OpenFleet } from "./open-fleet.ts";

/** A container as a manager makes it, that no server has. */
async function orphan({ engine }: OpenFleet, server: string, replica: number): Promise<string> {
  const request = { server, instance: "2", replica, spec: TestFleet.spec("hostile.mjs") };
  const { id } = await engine.runtime.create(request, {});
  await engine.runtime.run(id, new Recorder(), {});
  return id;
}

/** A container with our labels, as another version makes it or a person. */
async function other({ engine }: OpenFleet, more: { labels: Record<string, string>; name?: string }): Promise<string> {
  const { docker, fleet } = engine;
  const Labels = { ...ownerLabels(fleet), ...more.labels };
  const container = await docker.createContainer({ Image: testImage, Labels, ...(more.name && { name: more.name }) });
  await container.start();
  return container.id;
}

const idsOf = async (open: OpenFleet) => (await open.engine.runtime.list({})).map(({ id }) => id);

it("The reaper removes what belongs to nobody after the grace period, says so, and leaves servers, other versions, persons and other fleets alone", async () => {
  // Long enough for a busy engine to make all three before the first is removed.
  await using open = new OpenFleet({ reapGraceMs: 5000 });
  await using another = new OpenFleet();
  await open.boot();
  await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs") });
  const orphans = [await orphan(open, "gone", 0), await orphan(open, "a", 1)];
  const labels = { "mcpm.server": "b", "mcpm.instance": "3", "mcpm.spec": '{"image":"x","replicas":"new"}' };
  const unreadable = await other(open, { labels, name: containerName(open.engine.fleet, "b", 0) });
  const persons = await other(open, { labels: {} });
  const foreign = await orphan(another, "gone", 0);
  const mine = open.fleet.get("a").instances[0]?.record.id;
  expect(new Set(await idsOf(open))).toEqual(new Set([mine, ...orphans, unreadable]));
  const left = async () => new Set(await idsOf(open));
  await expect.poll(left, { timeout: 30_000 }).toEqual(new Set([mine, unreadable]));
  expect(await idsOf(another)).toEqual([foreign]);
  expect(await open.engine.docker.getContainer(persons).inspect()).toMatchObject({ Id: persons });
  const told = open.warnings.filter((text) => text === "removing a container that belongs to no server");
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
