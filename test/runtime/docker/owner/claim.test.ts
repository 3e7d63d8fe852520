import { expect, it } from "vitest";
import { silentLog } from "../../../../src/base/log/log.ts";
import { createDockerRuntime } from "../../../../src/runtime/docker/docker-runtime.ts";
import { FakeEngine } from "../fake-engine.ts";

it("A fleet on an engine that denies volumes can't be owned, and the sentence says what they are for", async () => {
  await using engine = await FakeEngine.listen((request, response) => {
    const json = { "content-type": "application/json" };
    if (request.method === "GET") response.writeHead(200, json).end('{"Volumes":null,"Warnings":null}');
    else response.writeHead(403, json).end('{"message":"no volumes here"}');
  });
  const { dockerHost } = engine;
  await using runtime = createDockerRuntime({ dockerHost, fleet: "blue", bindRoots: [], log: silentLog });
  await expect(runtime.own({ onLost: () => {} })).rejects.toMatchObject({
    kind: "denied",
    message:
      "the Docker engine could not mark the owner of the fleet blue by the empty volume mcpm-owner.blue.1: no volumes here",
    details: { reason: "ENGINE_DENIED" },
  });
});
