import type { Agent } from "node:http";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { ManagerError } from "../../../src/errors.ts";
import { Engine } from "../../../src/runtime/docker/engine.ts";
import { FakeEngine } from "./fake-engine.ts";

describe("Engine", () => {
  it("that accepts a request and says nothing is unavailable after a while", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    const engine = new Engine({ dockerHost: `tcp://127.0.0.1:${port}`, answerMs: 50 });
    const call = engine.call("tell its version", (docker) => docker.version(), {});
    await expect(call).rejects.toMatchObject({ kind: "unavailable", details: { reason: "ENGINE_UNAVAILABLE" } });
    engine.close();
    silent.close();
  });

  it("does not look through the connections that are open when it opens another", async () => {
    const asked = Promise.withResolvers<void>();
    await using silent = await FakeEngine.listen(() => asked.resolve());
    const engine = new Engine({ dockerHost: silent.dockerHost });
    const version = () => engine.call("tell its version", (docker) => docker.version(), { unlimited: true });
    const calls = [version()];
    await asked.promise;
    const seen = vi.fn(() => "");
    const { sockets } = engine.requestOptions.agent as Agent;
    for (const socket of Object.values(sockets).flat()) Object.assign(socket ?? {}, { [inspect.custom]: seen });
    expect(Object.values(sockets)).not.toEqual([]);
    calls.push(version());
    await expect.poll(() => Object.values(sockets).flat().length).toBe(2);
    expect(seen).not.toHaveBeenCalled();
    engine.forbid(new ManagerError("cancelled", "over", { details: { reason: "CANCELLED" } }));
    await Promise.allSettled(calls);
    engine.close();
  });

  it("that is another manager's by now ends what is under way, and takes no more", async () => {
    const asked = Promise.withResolvers<void>();
    await using silent = await FakeEngine.listen(() => asked.resolve());
    const engine = new Engine({ dockerHost: silent.dockerHost });
    const version = () => engine.call("tell its version", (docker) => docker.version(), { unlimited: true });
    const underWay = version();
    await asked.promise;
    const why = new ManagerError("conflict", "lost the fleet", { details: { reason: "FLEET_OWNED" } });
    engine.forbid(why);
    await expect(underWay).rejects.toBe(why);
    await expect(version()).rejects.toBe(why);
    engine.close();
  });
});
