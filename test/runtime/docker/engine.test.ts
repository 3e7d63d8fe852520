import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { Engine } from "../../../src/runtime/docker/engine.ts";

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
});
