import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../../src/base/log/log.ts";
import { EngineProxy } from "../engine-proxy.ts";
import { owned, TestLocks } from "./locks.ts";

let engine: TestLocks;
beforeEach(() => {
  engine = new TestLocks();
});
afterEach(() => engine[Symbol.asyncDispose]());

const volume = () => engine.docker.getVolume(`mcpm-owner.${engine.fleet}.1`);

describe("An owner that was taken for dead", () => {
  it("is told by whom, and reaches the engine no more", async () => {
    const manager = engine.manager();
    const lost = Promise.withResolvers<Error>();
    const owner = await engine.own(manager, lost.resolve);
    const [lock] = await engine.locks();
    const after = lock === undefined ? [] : [lock.nonce];
    const successor = await engine.lockOfTheDead({ generation: 2, after });
    expect((await lost.promise).message).toContain("to the manager on host elsewhere (pid 42, since 2020-");
    await expect(manager.list({})).rejects.toMatchObject(owned);
    await owner[Symbol.asyncDispose]();
    expect((await engine.locks()).map(({ nonce }) => nonce)).toContain(successor.nonce);
  });

  it("is told so, too, when the engine was out of its reach meanwhile", async () => {
    await using proxy = await EngineProxy.listen();
    const lost = Promise.withResolvers<Error>();
    const { manager, cutOff } = behind(proxy);
    await engine.own(manager, lost.resolve);
    await proxy.takeAway();
    await cutOff;
    await engine.own();
    expect(await engine.locks()).toMatchObject([{ generation: 2 }]);
    await proxy.putBack();
    expect((await lost.promise).message).toContain(`lost the fleet ${engine.fleet}`);
  });

  it("is told so, too, when who took the fleet has released it", async () => {
    await using proxy = await EngineProxy.listen();
    const lost = Promise.withResolvers<Error>();
    const { manager, cutOff } = behind(proxy);
    await engine.own(manager, lost.resolve);
    await proxy.takeAway();
    await cutOff;
    const next = await engine.own();
    await next[Symbol.asyncDispose]();
    await proxy.putBack();
    await lost.promise;
    expect(await engine.volumes()).toEqual([]);
  });
});

describe("An owner", () => {
  it("keeps its fleet when the engine was out of its reach for a moment", async () => {
    await using proxy = await EngineProxy.listen();
    const lost: Error[] = [];
    const { manager, cutOff } = behind(proxy);
    await engine.own(manager, (error) => lost.push(error));
    await proxy.takeAway();
    await cutOff;
    await proxy.putBack();
    await expect(engine.own()).rejects.toMatchObject(owned);
    expect(lost).toEqual([]);
  });

  it("answers who asks though the engine's events come no more and nothing says so", async () => {
    await using proxy = await EngineProxy.listen();
    const lost: Error[] = [];
    const { manager, settled } = behind(proxy);
    await engine.own(manager, (error) => lost.push(error));
    await settled;
    proxy.mute((path) => path.startsWith("/events"));
    await expect(engine.own()).rejects.toMatchObject(owned);
    expect(lost).toEqual([]);
  });

  it.each(["prunes the engine's volumes", "removes it"])("makes its lock again when somebody %s", async (how) => {
    const lost: Error[] = [];
    await using proxy = await EngineProxy.listen();
    const { manager, settled } = behind(proxy);
    await engine.own(manager, (error) => lost.push(error));
    const before = await engine.locks();
    await settled;
    const label = [`mcpm.fleet=${engine.fleet}`];
    if (how === "removes it") await volume().remove();
    else await engine.docker.pruneVolumes({ filters: JSON.stringify({ label }) });
    await expect.poll(() => engine.locks(), { timeout: 20_000 }).toEqual(before);
    expect(lost).toEqual([]);
  });
});

/**
 * A manager that reaches the engine through the proxy; `settled` resolves when it has seen that the fleet is its own,
 * `cutOff` when it has noticed that it can't look.
 */
function behind(proxy: EngineProxy) {
  const cutOff = Promise.withResolvers<void>();
  const settled = Promise.withResolvers<void>();
  const warn = (message: string) => message.startsWith("can't see whether others want the fleet") && cutOff.resolve();
  const debug = (message: string) => message === "the fleet is this manager's" && settled.resolve();
  const manager = engine.manager({ dockerHost: proxy.host, log: { ...silentLog, warn, debug } });
  return { manager, cutOff: cutOff.promise, settled: settled.promise };
}
