import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { owned, TestLocks } from "./locks.ts";

let engine: TestLocks;
beforeEach(() => {
  engine = new TestLocks();
});
afterEach(() => engine[Symbol.asyncDispose]());

const lockVolume = (generation: number) => `mcpm-owner.${engine.fleet}.${generation}`;

/** Twenty managers that start at the same moment; what became of each. */
async function twenty(): Promise<{ owners: number; refusals: unknown[] }> {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => engine.own()));
  const refusals = outcomes.filter((outcome) => outcome.status === "rejected").map(({ reason }) => reason as unknown);
  return { owners: outcomes.length - refusals.length, refusals };
}

describe("A fleet without an owner", () => {
  it("is claimed by exactly one of twenty managers at once, and the others are told who has it", async () => {
    const { owners, refusals } = await twenty();
    expect(owners).toBe(1);
    for (const refusal of refusals) expect(refusal).toMatchObject(owned);
    await expect.poll(() => engine.volumes(), { timeout: 20_000 }).toEqual([lockVolume(1)]);
  });

  it("is claimed again as soon as it was released", async () => {
    for (let round = 0; round < 3; round += 1) {
      const owner = await engine.own();
      await expect.poll(() => engine.volumes(), { timeout: 20_000 }).toEqual([lockVolume(1)]);
      await owner[Symbol.asyncDispose]();
      expect(await engine.volumes()).toEqual([]);
    }
  });
});

describe("A fleet whose owner lives", () => {
  it("is not given to another, who is told host, pid and time", async () => {
    await engine.own();
    const [lock] = await engine.locks();
    const { host, pid, since } = lock?.holder ?? {};
    await expect(engine.own()).rejects.toMatchObject({
      ...owned,
      message: `the fleet ${engine.fleet} is held by the manager on host ${host} (pid ${pid}, since ${since}): stop that one, or choose another MCPM_FLEET`,
    });
    expect(pid).toBe(process.pid);
    await expect.poll(() => engine.volumes(), { timeout: 20_000 }).toEqual([lockVolume(1)]);
  });

  it("is left alone by one who finds out too late that he asked about somebody else", async () => {
    const lost: Error[] = [];
    await engine.own(engine.manager(), (error) => lost.push(error));
    // What a manager leaves that was killed just before it noticed.
    await engine.lockOfTheDead({ generation: 2, after: ["somebody else"] });
    // The owner answers, after it has seen that lock.
    await expect(engine.own()).rejects.toMatchObject(owned);
    expect(lost).toEqual([]);
  });

  it("does not become another's by a volume of the same name that is no lock", async () => {
    await engine.docker.createVolume({ Name: lockVolume(1) });
    await expect(engine.own()).rejects.toMatchObject({
      ...owned,
      message: expect.stringContaining("or are not a manager's"),
    });
    await engine.docker.getVolume(lockVolume(1)).remove();
  });
});

describe("A fleet whose owner died on another machine", () => {
  it("is taken over by one who asked in vain, and nothing is left of the dead", async () => {
    await engine.lockOfTheDead();
    await engine.own();
    await expect.poll(() => engine.volumes(), { timeout: 20_000 }).toEqual([lockVolume(2)]);
  });

  it("is taken over by exactly one of twenty at once", async () => {
    const dead = await engine.lockOfTheDead();
    const { owners, refusals } = await twenty();
    expect(owners).toBe(1);
    for (const refusal of refusals) expect(refusal).toMatchObject(owned);
    await expect.poll(() => engine.volumes(), { timeout: 20_000 }).toEqual([lockVolume(2)]);
    expect(await engine.locks()).toMatchObject([{ after: [dead.nonce] }]);
  });

  it("is taken over though several died, one of them while it asked", async () => {
    await engine.lockOfTheDead();
    await engine.lockOfTheDead({ generation: 5 });
    await engine.volumesByHand.ask("dead", {});
    await engine.own();
    await expect.poll(() => engine.volumes(), { timeout: 20_000 }).toEqual([lockVolume(6)]);
  });
});
