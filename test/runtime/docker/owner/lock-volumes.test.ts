import { describe, expect, it } from "vitest";
import { Engine } from "../../../../src/runtime/docker/engine/engine.ts";
import { LockVolumes } from "../../../../src/runtime/docker/owner/lock-volumes.ts";
import { FakeEngine } from "../fake-engine.ts";

describe("The owner's looks at the engine", () => {
  it("share one connection, and take a new one when the engine closes it", async () => {
    const sockets = new Set<unknown>();
    let closes = false;
    await using fake = await FakeEngine.listen(({ socket }, response) => {
      sockets.add(socket);
      if (closes && sockets.size === 1) socket.destroy();
      else response.writeHead(200, { "content-type": "application/json" }).end('{"Volumes":[]}');
    });
    const engine = new Engine(fake);
    const volumes = new LockVolumes({ engine, fleet: "blue" });
    for (let look = 0; look < 5; look += 1) await volumes.list({});
    expect(sockets.size).toBe(1);
    closes = true;
    expect(await volumes.list({})).toEqual({ locks: [], question: undefined });
    engine.close();
  });
});
