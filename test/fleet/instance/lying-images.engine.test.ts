import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type Docker from "dockerode";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { CommittedImage } from "../../runtime/docker/committed-image.ts";
import { madeBefore } from "../../runtime/docker/containers/made-before.ts";
import { TestFleet, testImage } from "../../runtime/docker/test-fleet.ts";
import { aCaller } from "../a-caller.ts";
import { OpenFleet } from "../open-fleet.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet({ reapGraceMs: 600 });
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

const specOf = (image: string, more: Partial<ServerSpec> = {}) => TestFleet.spec("hostile.mjs", { image, ...more });
const idsOf = (name: string) => open.fleet.get(name).instances.map(({ record }) => record.id);
const echo = (name: string) =>
  open.fleet.call(name, {
    callerHasDeadline: false,
    caller: aCaller,
    work: ({ session }) => session.callTool({ tool: "echo", argumentsJson: '{"text":"hi"}' }, {}),
  });

/** Resolves when the reaper has looked so often again. */
async function reaperRounds(count: number): Promise<void> {
  let rounds = 0;
  const { runtime } = open.engine;
  open.faults.list = (options) => {
    rounds += 1;
    return runtime.list(options);
  };
  await expect.poll(() => rounds, { timeout: 20_000 }).toBeGreaterThan(count);
  delete open.faults.list;
}

/** A container of somebody else's, which a manager has nothing to do with. */
async function bystander(): Promise<Docker.Container & AsyncDisposable> {
  const { docker } = open.engine;
  const container = await docker.createContainer({ Image: testImage, Cmd: ["echo.mjs"], OpenStdin: true });
  await container.start();
  return Object.assign(container, {
    [Symbol.asyncDispose]: () => container.remove({ force: true, v: true }).catch(() => {}),
  });
}

/** A server on loopback that must not hear of anything. */
async function listener(): Promise<{ port: number; requests: string[] } & AsyncDisposable> {
  const requests: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    requests.push(url);
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { port: (server.address() as AddressInfo).port, requests, [Symbol.asyncDispose]: close };
}

describe("An image whose labels are those of a manager", () => {
  const lies = async (more: Record<string, string>) =>
    CommittedImage.make(open.engine.docker, {
      labels: {
        "managed-by": "mcp-docker-manager",
        "mcpm.fleet": open.engine.fleet,
        "mcpm.server": "other",
        "mcpm.instance": "i-0",
        "mcpm.spec": '{"image":"x"}',
        "mcpm.era": "legacy",
        "mcpm.replica": "6",
        ...more,
      },
    });

  it("runs as what its spec says, and is found again as that", async () => {
    await using image = await lies({ "mcpm.replaces": "a".repeat(64), exitCode: "0" });
    await open.fleet.start("a", { spec: specOf(image.name, { replicas: 2 }) });
    const before = idsOf("a");
    await open.boot();
    expect(open.fleet.get("a")).toMatchObject({ state: "ready", failure: undefined });
    expect(idsOf("a")).toEqual(before);
    expect(await echo("a")).toMatchObject({ isError: false });
    await open.fleet.stop("a", { graceMs: 0 });
    expect(await open.engine.runtime.list({})).toEqual([]);
  });

  it("does not say how its servers ended", async () => {
    await using image = await lies({ exitCode: "0" });
    const restart = { policy: "on_failure", initialBackoffMs: 10 } as const;
    await open.fleet.start("a", { spec: specOf(image.name, { restart }) });
    await open.containerOf("a").kill();
    await expect.poll(() => open.fleet.get("a").restartCount, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => open.fleet.get("a").state, { timeout: 20_000 }).toBe("ready");
  });

  it.each(["mcp-name", "id", "volume", "address"])(
    "can't have a bystander removed, nor the manager ended or sent anywhere, by %s",
    async (kind) => {
      await using other = await bystander();
      await using heard = await listener();
      const volume = await open.engine.docker.createVolume({ Name: `mcpm-test-${open.engine.fleet}` });
      const { Name } = await other.inspect();
      const replaces = {
        "mcp-name": Name.slice(1),
        id: other.id,
        volume: `../volumes/${volume.name}`,
        address: `../127.0.0.1:${heard.port}/path`,
      }[kind];
      await using image = await lies({ "mcpm.replaces": replaces ?? "" });
      const { docker, fleet } = open.engine;
      // Its reaper would take what comes now for nobody's.
      await open.fleet.close({ drainMs: 0 });
      const made = await madeBefore({ docker, fleet, server: "a", spec: specOf(image.name) });
      await open.boot();
      expect(open.fleet.get("a")).toMatchObject({ state: "ready", failure: undefined });
      expect(idsOf("a")).toEqual([made.id]);
      await open.fleet.stop("a", { graceMs: 0 });
      expect(await open.engine.runtime.list({})).toEqual([]);
      expect(await other.inspect()).toMatchObject({ State: { Running: true } });
      expect(await open.engine.docker.getVolume(volume.name).inspect()).toMatchObject({ Name: volume.name });
      await volume.remove();
      expect(heard.requests).toEqual([]);
    },
  );

  it("can't have another server's container removed", async () => {
    await open.fleet.start("victim", { spec: specOf(testImage) });
    const [victim = ""] = idsOf("victim");
    await using image = await lies({ "mcpm.replaces": victim, "mcpm.server": "victim", "mcpm.replica": "0" });
    await open.fleet.start("a", { spec: specOf(image.name) });
    await open.boot();
    expect(idsOf("victim")).toEqual([victim]);
    await open.fleet.stop("a", { graceMs: 0 });
    expect(await echo("victim")).toMatchObject({ isError: false });
  });

  it("does not make a person's container the fleet's: it is left alone, told of once, and not reaped", async () => {
    await open.fleet.start("a", { spec: specOf(testImage) });
    const [mine] = idsOf("a");
    const { docker } = open.engine;
    const { Config } = await open.containerOf("a").inspect();
    await using image = await CommittedImage.make(docker, { labels: Config.Labels });
    const persons = await docker.createContainer({ Image: image.name, Cmd: ["hostile.mjs"], OpenStdin: true });
    await persons.start();
    await open.boot();
    await reaperRounds(6);
    expect(idsOf("a")).toEqual([mine]);
    expect(await persons.inspect()).toMatchObject({ State: { Running: true } });
    expect((await open.engine.runtime.list({})).map(({ id }) => id)).toEqual([mine]);
  });
});

describe("A container that has a server's labels and was made by hand", () => {
  const byHand = async (changes: { host?: object; name?: string; config?: object }) => {
    const { docker, fleet } = open.engine;
    await open.fleet.start("a", { spec: specOf(testImage) });
    const { Config, HostConfig } = await open.containerOf("a").inspect();
    await open.fleet.close({ drainMs: 0 });
    await open.containerOf("a").remove({ force: true });
    const made = await docker.createContainer({
      ...Config,
      ...changes.config,
      HostConfig: { ...HostConfig, ...changes.host },
      name: changes.name ?? `mcp-${fleet}.a`,
    });
    await made.start();
    await open.boot();
    return made;
  };

  it("is adopted when it is no weaker than its spec", async () => {
    const made = await byHand({});
    expect(open.fleet.get("a").state).toBe("ready");
    expect(idsOf("a")).toEqual([made.id]);
  });

  it.each([
    ["has a network", { host: { NetworkMode: "bridge" } }],
    ["is privileged", { host: { Privileged: true } }],
    ["has capabilities", { host: { CapDrop: null } }],
    ["has the host's processes", { host: { PidMode: "host" } }],
    [
      "mounts a folder of the host",
      { host: { Mounts: [{ Type: "bind", Source: "/etc", Target: "/x", ReadOnly: true }] } },
    ],
    ["runs as root", { config: { User: "0" } }],
    ["has another's name", { name: "no-name-of-a-servers" }],
  ])("is left alone, told of once, and neither reaped nor removed when it %s", async (_what, changes) => {
    await using other = new OpenFleet();
    const named = "name" in changes ? { ...changes, name: `mcpm-test-${other.engine.fleet}` } : changes;
    const made = await byHand(named);
    expect(() => open.fleet.get("a")).toThrow(/a/);
    await reaperRounds(6);
    expect(await made.inspect()).toMatchObject({ State: { Running: true } });
    const told = "left alone a container that is not as a manager makes it";
    expect(open.errors.filter((text) => text === told)).toHaveLength(1);
  });
});
