import { expect, test } from "vitest";
import { silentLog } from "../../../../src/base/log/log.ts";
import { createDockerRuntime } from "../../../../src/runtime/docker/docker-runtime.ts";
import { containerLabels } from "../../../../src/runtime/docker/engine/labels.ts";
import { Recorder } from "../../recorder.ts";
import { FakeEngine, switchingProtocols } from "../fake-engine.ts";

const id = "a".repeat(64);
const spec = { image: "a", mounts: [{ type: "bind", source: "/srv/files", target: "/data" }] } as const;
const request = { server: "files", instance: "i", replica: 0, spec };
const Labels = containerLabels(request, { fleet: "blue", imageLabels: {}, allowLabels: [] });

test.each([
  ["in no list", {}],
  ["only in one of words, as Podman's HostConfig has them", { HostConfig: { Binds: ["/srv/files:/data:ro"] } }],
])("A container with a bind that the engine has %s is not started: it can't be checked", async (_where, has) => {
  const container = { Id: id, Config: { Labels, Env: [], User: "1000:1000" }, HostConfig: {}, Mounts: [], ...has };
  const asked: string[] = [];
  await using engine = await FakeEngine.listen(
    ({ url = "" }, response) => {
      asked.push(url);
      response.end(JSON.stringify(container));
    },
    (socket) => socket.write(switchingProtocols),
  );
  const options = { dockerHost: engine.dockerHost, fleet: "blue", bindRoots: ["/srv"], log: silentLog };
  await using runtime = createDockerRuntime(options);
  await expect(runtime.run(id, new Recorder(), {})).rejects.toMatchObject({
    kind: "denied",
    details: { reason: "BIND_NOT_ALLOWED", violations: [{ field: "spec.mounts[0].source" }] },
  });
  expect(asked.filter((url) => url.endsWith("/start"))).toEqual([]);
});
