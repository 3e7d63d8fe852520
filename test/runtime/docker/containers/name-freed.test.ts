import { describe, expect, test } from "vitest";
import { silentLog } from "../../../../src/base/log/log.ts";
import { createDockerRuntime } from "../../../../src/runtime/docker/docker-runtime.ts";
import { FakeEngine } from "../fake-engine.ts";

const request = { server: "files", instance: "1", replica: 0, spec: { image: "files" } };

/** Where every name is taken, by what is inspected as given. */
async function fullEngine(holder: { readonly status: number; readonly body: object }, onWait = () => {}) {
  const asked: string[] = [];
  const engine = await FakeEngine.listen(({ url = "" }, response) => {
    if (url.startsWith("/images/")) return void response.end('{"Id": "sha256:0"}');
    const what = ["create", "wait", "json"].find((path) => url.split("?")[0]?.endsWith(path)) ?? url;
    if (what !== "/info" && what !== "/version") asked.push(what);
    if (what === "wait") return onWait();
    const { status, body } = what === "create" ? { status: 409, body: { message: "in use" } } : holder;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const runtime = createDockerRuntime({ dockerHost: engine.dockerHost, fleet: "blue", bindRoots: [], log: silentLog });
  return { engine, runtime, asked };
}

describe("DockerRuntime.create, when a container has the server's name", () => {
  test("stops waiting for its removal when its caller leaves", async () => {
    const abort = new AbortController();
    const body = { Id: "0".repeat(64), State: { Status: "removing" } };
    const { engine, runtime, asked } = await fullEngine({ status: 200, body }, () => abort.abort());
    await using _engine = engine;
    await using _runtime = runtime;
    await expect(runtime.create(request, { signal: abort.signal })).rejects.toMatchObject({ kind: "cancelled" });
    expect(asked).toEqual(["create", "json", "wait"]);
  });

  test("is a conflict when nobody can be seen to have it, time and again", async () => {
    const { engine, runtime, asked } = await fullEngine({ status: 404, body: { message: "No such container" } });
    await using _engine = engine;
    await using _runtime = runtime;
    await expect(runtime.create(request, {})).rejects.toMatchObject({ details: { reason: "NAME_TAKEN" } });
    expect(asked.filter((what) => what === "create")).toHaveLength(3);
  });
});
