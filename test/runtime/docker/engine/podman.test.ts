import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { type Log, silentLog } from "../../../../src/base/log/log.ts";
import { podmanCapabilities, runtimeCapabilities } from "../../../../src/runtime/capabilities.ts";
import { createDockerRuntime } from "../../../../src/runtime/docker/docker-runtime.ts";
import { FakeEngine } from "../fake-engine.ts";

/** What Podman 5.4.2 says of itself, as far as it is read. */
const podman = {
  "/version": {
    Components: [{ Name: "Podman Engine" }, { Name: "Conmon" }, { Name: "OCI Runtime (crun)" }],
    Version: "5.4.2",
    ApiVersion: "1.41",
  },
  "/info": {
    Plugins: { Volume: ["local"], Log: ["k8s-file", "none", "passthrough", "journald"] },
    ...{ MemoryLimit: true, SwapLimit: true, CpuCfsPeriod: true, CpuCfsQuota: true, PidsLimit: true, NCPU: 2 },
    SecurityOptions: ["name=seccomp,profile=default"],
  },
};
const docker = {
  "/version": { Components: [{ Name: "Engine" }, { Name: "containerd" }], Version: "28.5.2" },
  "/info": { ...podman["/info"], Plugins: { Log: ["awslogs", "json-file", "local", "syslog"] } },
};
const noVolume = {
  cause: "no such volume",
  message: 'no volume with name "data" found: no such volume',
  response: 404,
};

/** An engine that says this of itself, and creates whatever it is asked for. */
async function open(says: Readonly<Record<string, object>>, { volumeLabels }: { volumeLabels?: object } = {}) {
  const posted: { path: string; body: Record<string, unknown> }[] = [];
  let volume: object | undefined;
  const bodyOf = async (request: IncomingMessage) => JSON.parse((await text(request)) || "{}") as never;
  const engine = await FakeEngine.listen((request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    const reply = (status: number, json: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    if (request.method === "POST") {
      void bodyOf(request).then((body: Record<string, unknown>) => {
        posted.push({ path, body });
        if (path === "/containers/create") return reply(404, { message: "no such image" });
        volume = { Name: "data", Labels: volumeLabels ?? body.Labels };
        return reply(201, volume);
      });
    } else if (path.startsWith("/images/")) reply(200, { Id: "sha256:0" });
    else if (path.startsWith("/volumes/")) reply(volume === undefined ? 404 : 200, volume ?? noVolume);
    else reply(200, says[path] ?? {});
  });
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (message) => warned.push(message) };
  const runtime = createDockerRuntime({ dockerHost: engine.dockerHost, fleet: "blue", bindRoots: [], log });
  return {
    runtime,
    posted,
    warned,
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

type Opened = Awaited<ReturnType<typeof open>>;
const data = { type: "volume", source: "data", target: "/data", writable: true } as const;
const create = ({ runtime }: Opened, spec: object = {}) =>
  runtime.create({ server: "files", instance: "i", replica: 0, spec: { image: "a", ...spec } }, {});

describe("Podman as the engine", () => {
  test("is told of once, with what a server loses and what helps, and its capabilities are fewer", async () => {
    await using engine = await open(podman);
    expect(engine.runtime.capabilities).toBe(runtimeCapabilities.docker);
    await engine.runtime.unenforced({});
    await engine.runtime.unenforced({});
    expect(engine.runtime.capabilities).toBe(podmanCapabilities);
    expect(podmanCapabilities).toEqual({ ...runtimeCapabilities.docker, detaching: false, oomEvents: false });
    expect(engine.warned).toEqual([expect.stringMatching(/^the engine is Podman, .* NEVER .*docs\/operations\.md/)]);
    expect(await engine.runtime.version({})).toBe("Podman 5.4.2");
  });

  test.each([
    ["Podman's", podman, "json-file"],
    ["Docker's", docker, "local"],
    ["those that nobody tells", {}, "local"],
  ])("keeps logs by a driver of its own: of %s", async (_whose, says, driver) => {
    await using engine = await open(says);
    await expect(create(engine)).rejects.toMatchObject({ details: { reason: "IMAGE_UNAVAILABLE" } });
    const LogConfig = { Type: driver, Config: { "max-size": "10m", "max-file": "3" } };
    expect(engine.posted.at(-1)).toMatchObject({ body: { HostConfig: { LogConfig } } });
  });

  test.each([
    ["a volume under Podman's own tmpfs", { ...data, target: "/tmp" }, "target"],
    ["one under another of these", { ...data, target: "/var/tmp" }, "target"],
    ["the owner of a tmpfs", { type: "tmpfs", target: "/t", uid: 1000 }, "uid"],
    ["the owner of a volume", { ...data, uid: 1000 }, "uid"],
    ["the mode of a volume", { ...data, mode: "0700" }, "mode"],
  ] as const)("refuses %s, which Podman would do in another way", async (_what, mount, field) => {
    const refused = { kind: "invalid", details: { violations: [{ field: `spec.mounts[0].${field}` }] } };
    await using engine = await open(podman);
    await expect(engine.runtime.check({ image: "a", mounts: [mount] }, {})).rejects.toMatchObject(refused);
    await expect(create(engine, { mounts: [mount] })).rejects.toMatchObject(refused);
    expect(engine.posted).toEqual([]);
  });

  test("bounds each tmpfs that Podman mounts by itself", async () => {
    const bounded = "rw,noexec,nosuid,nodev,size=67108864,mode=1777";
    const tmpfsOf = async (says: typeof podman | typeof docker) => {
      await using engine = await open(says);
      await expect(create(engine)).rejects.toMatchObject({ kind: "not_found" });
      const { HostConfig } = engine.posted.at(-1)?.body ?? {};
      return (HostConfig as { readonly Tmpfs?: object } | undefined)?.Tmpfs;
    };
    expect(await tmpfsOf(podman)).toEqual({ "/tmp": bounded, "/run": bounded, "/var/tmp": bounded });
    expect(await tmpfsOf(docker)).toEqual({ "/tmp": bounded });
  });

  test("Docker is not told of, and can all that its kind can", async () => {
    await using engine = await open(docker);
    await engine.runtime.unenforced({});
    expect(engine.runtime.capabilities).toBe(runtimeCapabilities.docker);
    expect(engine.warned).toEqual([]);
    expect(await engine.runtime.version({})).toBe("28.5.2");
  });
});

describe("A volume that is not there", () => {
  test("is created with its labels before the container: Podman drops those of a create request", async () => {
    await using engine = await open(podman);
    await expect(create(engine, { mounts: [data] })).rejects.toMatchObject({ kind: "not_found" });
    const [volume, container] = engine.posted;
    const labels = { "managed-by": "mcp-docker-manager", "mcpm.fleet": "blue", "mcpm.server": "files" };
    expect(volume).toEqual({ path: "/volumes/create", body: { Name: "data", Labels: labels } });
    expect(container?.path).toBe("/containers/create");
  });

  test("is not created by a check", async () => {
    await using engine = await open(podman);
    await engine.runtime.check({ image: "a", mounts: [data] }, {});
    expect(engine.posted).toEqual([]);
  });

  test("is refused when somebody else created it meanwhile", async () => {
    await using engine = await open(docker, { volumeLabels: { "mcpm.fleet": "red" } });
    await expect(create(engine, { mounts: [data] })).rejects.toMatchObject({ details: { reason: "VOLUME_NOT_OWNED" } });
    expect(engine.posted.map(({ path }) => path)).toEqual(["/volumes/create"]);
  });
});
