import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { cpuLimit } from "../../../../src/fleet/tools/argument-check/cpu-limit.ts";

/** A thread that runs this code. */
async function open(code: string): Promise<Worker> {
  const worker = new Worker(`require("node:worker_threads").parentPort.once("message", () => { ${code} })`, {
    eval: true,
  });
  await new Promise((resolve) => worker.once("online", resolve));
  worker.postMessage("begin");
  return worker;
}

const hour = 3_600_000;

/** Resolves when the limit tells that it is over. */
function over(worker: Worker, limits: { limitMs: number; maxMs: number }): Promise<Disposable> {
  return new Promise((resolve) => {
    const limit = cpuLimit(worker, { usedMs: 0, ...limits, onOver: () => resolve(limit) });
  });
}

describe("cpuLimit", () => {
  it("tells of a thread that computes for too long", async () => {
    await using busy = await open("for (;;);");
    using _limit = await over(busy, { limitMs: 100, maxMs: hour });
  });

  it("tells of a thread that takes too long by the clock, without computing", async () => {
    await using asleep = await open("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)");
    using _limit = await over(asleep, { limitMs: hour, maxMs: 50 });
  });

  it("has patience with a thread that other work keeps from the processor", async () => {
    const usedMs = [10, 20, 29, 31];
    let looks = 0;
    const worker = { cpuUsage: async () => ({ user: (usedMs[looks++] ?? 0) * 1000, system: 0 }) } as Worker;
    using _limit = await over(worker, { limitMs: 30, maxMs: hour });
    expect(looks).toBe(4);
  });

  it("leaves no timer once disposed, and tells nothing then", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = timers();
    const result = Promise.withResolvers<NodeJS.CpuUsage>();
    const asked = Promise.withResolvers<void>();
    const worker = {
      cpuUsage: () => {
        asked.resolve();
        return result.promise;
      },
    } as Worker;
    let told = false;
    const onOver = () => {
      told = true;
    };
    const limit = cpuLimit(worker, { usedMs: 0, limitMs: 1, maxMs: hour, onOver });
    await asked.promise;
    limit[Symbol.dispose]();
    result.resolve({ user: 1e9, system: 0 });
    await result.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect([told, timers()]).toEqual([false, before]);
  });
});
