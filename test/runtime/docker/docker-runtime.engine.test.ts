import { afterAll, describe, expect, test } from "vitest";
import { Recorder } from "../recorder.ts";
import { CommittedImage } from "./committed-image.ts";
import { TestFleet, testImage } from "./test-fleet.ts";

const { spec } = TestFleet;

describe("DockerRuntime on an engine", () => {
  const fleet = new TestFleet();
  const { runtime } = fleet;
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("tells what an image is called by the engine, and its digest if it has one", async () => {
    const record = await fleet.create(spec("echo.mjs"));
    expect(record.id).toMatch(/^[0-9a-f]{64}$/);
    expect(record.imageId).toMatch(/^sha256:/);
    // It was built here: some engines give it a digest all the same.
    expect(record.imageDigest).toMatch(/^(?:sha256:[0-9a-f]{64})?$/);
  });

  test("shows env values in no label, event or listing", async () => {
    const events = (await fleet.docker.getEvents({
      filters: { label: [`mcpm.fleet=${fleet.fleet}`], type: ["container"] },
    })) as NodeJS.ReadableStream & { destroy(): void };
    const seen: string[] = [];
    const { promise: destroyed, resolve } = Promise.withResolvers<void>();
    events.on("data", (chunk: Buffer) => {
      seen.push(String(chunk));
      if (/"(?:destroy|remove)"/.test(seen.join(""))) resolve();
    });
    const { record } = await fleet.start(spec("echo.mjs", { env: { TOKEN: "hunter2" } }), "secretive");
    seen.push(JSON.stringify(await fleet.docker.listContainers({ all: true })));
    seen.push(JSON.stringify((await fleet.docker.getContainer(record.id).inspect()).Config.Labels));
    await runtime.remove(record.id, {});
    await destroyed;
    events.destroy();
    expect(seen.join("")).toContain("secretive");
    expect(seen.join("")).not.toContain("hunter2");
    expect(record.spec?.env).toEqual({ TOKEN: "hunter2" });
  });

  test("tells in the engine's words why a start was refused, and leaves the container to its caller", async () => {
    const record = await fleet.create(spec("echo.mjs", { user: "no-such-user" }));
    const sink = new Recorder();
    await expect(runtime.run(record.id, sink, {})).rejects.toMatchObject({
      kind: "not_running",
      message: expect.stringContaining("no-such-user"),
      details: { reason: "START_REFUSED", server: record.server },
    });
    expect((await runtime.inspect(record.id, {}))?.state).toBe("created");
    await sink.ended;
    expect(sink.ends).toBe(1);
  });

  test("refuses in the engine's words what the engine finds invalid", async () => {
    await expect(fleet.create(spec("echo.mjs", { limits: { cpus: 10_000 } }))).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("CPUs"),
    });
  });

  test("takes anonymous volumes along when it removes a container", async () => {
    const { record } = await fleet.start(spec("echo.mjs", { mounts: [{ type: "volume", target: "/scratch" }] }));
    const name = (await fleet.docker.getContainer(record.id).inspect()).Mounts.find(
      ({ Destination }) => Destination === "/scratch",
    )?.Name;
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    await runtime.remove(record.id, {});
    await expect(fleet.docker.getVolume(name ?? "").inspect()).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("DockerRuntime.list", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("tells a paused container, which is not attached to but can be stopped", async () => {
    const { record: paused, sink } = await fleet.start(spec("echo.mjs"), "paused");
    await fleet.docker.getContainer(paused.id).pause();
    expect(await fleet.runtime.list({})).toMatchObject([{ id: paused.id, state: "paused" }]);
    await expect(fleet.runtime.attach(paused.id, sink, {})).rejects.toMatchObject({
      kind: "not_running",
      details: { reason: "CONTAINER_PAUSED" },
    });
    await fleet.runtime.stop(paused.id, { graceMs: 30_000 });
    expect((await fleet.runtime.inspect(paused.id, {}))?.state).toBe("exited");
  });

  test("leaves out what vanishes while it looks", async () => {
    const records = await Promise.all(Array.from({ length: 6 }, () => fleet.create(spec("echo.mjs"))));
    const [listed] = await Promise.all([
      fleet.runtime.list({}),
      ...records.map(({ id }) => fleet.runtime.remove(id, {})),
    ]);
    expect(listed.length).toBeLessThanOrEqual(records.length + 1);
    const ids = new Set(records.map(({ id }) => id));
    expect((await fleet.runtime.list({})).filter(({ id }) => ids.has(id))).toEqual([]);
  });

  test("shows a container whose record it can't read, saying why", async () => {
    const { id } = await fleet.docker.createContainer({
      Image: "mcpm-test/servers:latest",
      name: `mcp-${fleet.fleet}.odd`,
      Labels: {
        "managed-by": "mcp-docker-manager",
        "mcpm.fleet": fleet.fleet,
        "mcpm.server": "odd",
        "mcpm.instance": "1",
        "mcpm.spec": "not JSON",
      },
    });
    const record = (await fleet.runtime.list({})).find((one) => one.id === id);
    expect(record).toMatchObject({
      server: "odd",
      spec: undefined,
      usability: { kind: "unreadable", why: expect.stringContaining("JSON") },
    });
  });
});

describe("DockerRuntime.remove", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("leaves alone what is not this fleet's, whatever labels it has", async () => {
    const { id } = await fleet.create(spec("echo.mjs"));
    const { Config } = await fleet.docker.getContainer(id).inspect();
    await using image = await CommittedImage.make(fleet.docker, { labels: Config.Labels });
    const persons = await fleet.docker.createContainer({ Image: image.name });
    const nobodys = await fleet.docker.createContainer({ Image: testImage });
    for (const { id } of [persons, nobodys]) {
      await fleet.runtime.remove(id, {});
      expect(await fleet.runtime.inspect(id, {})).toBeUndefined();
      expect(await fleet.docker.getContainer(id).inspect()).toMatchObject({ Id: id });
      await fleet.docker.getContainer(id).remove();
    }
  });
});

describe("DockerRuntime.prepare", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("says that the policy NEVER kept it from pulling", async () => {
    const missing = { image: "registry.invalid/nobody/nothing:1", pullPolicy: "never" } as const;
    await expect(fleet.runtime.prepare(missing, {})).rejects.toThrow(/NEVER/);
  });

  test("refuses an image whose labels would make every listing dear", async () => {
    await using image = await CommittedImage.make(fleet.docker, { labels: { big: "x".repeat(300_000) } });
    await expect(fleet.runtime.prepare({ image: image.name, pullPolicy: "never" }, {})).rejects.toMatchObject({
      kind: "invalid",
      details: { violations: [{ field: "spec.image" }] },
    });
  });

  test("is content with an image that is there when the policy is IF_MISSING", async () => {
    await fleet.runtime.prepare(spec("echo.mjs", { pullPolicy: "if_missing" }), {});
  });

  test("says that policy if_missing can't reach a registry that does not exist", async () => {
    const missing = { image: "registry.invalid/nobody/nothing:1", pullPolicy: "if_missing" } as const;
    await expect(fleet.runtime.prepare(missing, {})).rejects.toMatchObject({
      kind: "not_found",
      message: expect.stringMatching(/registry\.invalid.*its registry can't be reached from the engine$/),
      details: { reason: "IMAGE_UNAVAILABLE" },
    });
  });
});
