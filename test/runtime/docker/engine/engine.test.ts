import { createServer } from "node:net";
import type Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { ManagerError } from "../../../../src/base/errors/errors.ts";
import { silentLog } from "../../../../src/base/log/log.ts";
import { createDockerRuntime } from "../../../../src/runtime/docker/docker-runtime.ts";
import { Engine } from "../../../../src/runtime/docker/engine/engine.ts";
import { Recorder } from "../../recorder.ts";
import { FakeEngine } from "../fake-engine.ts";

/** An engine to ask, without a limit of time. */
function opened(dockerHost: string) {
  const engine = new Engine({ dockerHost });
  const docker = (run: (docker: Docker) => Promise<unknown>) => engine.call("answer", run, { unlimited: true });
  return { docker, close: () => engine.close() };
}

describe("Engine", () => {
  it("that accepts a request and says nothing is unavailable after a while", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    const engine = new Engine({ dockerHost: `tcp://127.0.0.1:${port}`, requestTimeoutMs: 50 });
    const call = engine.call("tell its version", (docker) => docker.version(), {});
    await expect(call).rejects.toMatchObject({ kind: "unavailable", details: { reason: "ENGINE_UNAVAILABLE" } });
    engine.close();
    silent.close();
  });

  it("that answers with a redirect is not followed anywhere", async () => {
    const heard: string[] = [];
    await using elsewhere = await FakeEngine.listen(({ url = "" }) => void heard.push(url));
    for (const location of ["http://127.0.0.1:1/gone", "http://unix/x", "/volumes/x"]) {
      await using engine = await FakeEngine.listen(({ url = "" }, response) => {
        heard.push(url);
        response.writeHead(301, { location }).end();
      });
      const { docker, close } = opened(engine.dockerHost);
      await expect(docker((engine) => engine.version())).rejects.toMatchObject({ kind: "unavailable" });
      close();
    }
    expect(elsewhere.openConnections).toBe(0);
    expect(heard).toEqual(["/version", "/version", "/version"]);
  });

  it("whose response breaks off is unavailable, however long a call may take", async () => {
    await using broken = await FakeEngine.listen(({ socket }, response) => {
      response.writeHead(200, { "content-length": 100 }).write("{");
      response.once("drain", () => {});
      setImmediate(() => socket.destroy());
    });
    const { docker, close } = opened(broken.dockerHost);
    await expect(docker((engine) => engine.getContainer("0".repeat(64)).wait())).rejects.toMatchObject({
      kind: "unavailable",
      details: { reason: "ENGINE_UNAVAILABLE" },
    });
    close();
  });

  it.each(["../volumes/x", "..", "abc", `${"0".repeat(64)}/x`, `${"0".repeat(64)}\n`, "A".repeat(64), "a/../b"])(
    "is never asked for a container %j",
    async (id) => {
      const asked: string[] = [];
      await using fake = await FakeEngine.listen(({ url = "" }) => void asked.push(url));
      await using runtime = createDockerRuntime({
        dockerHost: fake.dockerHost,
        fleet: "blue",
        bindRoots: [],
        log: silentLog,
      });
      const history = async () => {
        for await (const _ of runtime.history(id, { untilMs: 0 }));
      };
      const calls = [
        () => runtime.inspect(id, {}),
        () => runtime.remove(id, {}),
        () => runtime.run(id, new Recorder(), {}),
        () => runtime.stop(id, { graceMs: 1 }),
        () => runtime.mark(id, "stopping", {}),
        () => runtime.mark(id, "restarting", {}),
        () => runtime.mark(id, "none", {}),
        () => runtime.attach(id, new Recorder(), {}),
        history,
      ];
      for (const call of calls) await expect(call(), String(call)).rejects.toMatchObject({ kind: "internal" });
      expect(asked).toEqual([]);
    },
  );

  it("that is another manager's by now ends what is under way, and takes no more", async () => {
    const asked = Promise.withResolvers<void>();
    await using silent = await FakeEngine.listen(() => asked.resolve());
    const engine = new Engine({ dockerHost: silent.dockerHost });
    const version = () => engine.call("tell its version", (docker) => docker.version(), { unlimited: true });
    const underWay = version();
    await asked.promise;
    const why = new ManagerError("conflict", "lost the fleet", {
      details: { reason: "FLEET_OWNED", delivery: "not_sent" },
    });
    engine.forbid(why);
    await expect(underWay).rejects.toBe(why);
    await expect(version()).rejects.toBe(why);
    engine.close();
  });
});
