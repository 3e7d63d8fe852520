import { afterAll, describe, expect, test } from "vitest";
import { Recorder } from "./recorder.ts";
import { TestFleet } from "./test-fleet.ts";

const { spec } = TestFleet;

describe("DockerRuntime on an engine", () => {
  const fleet = new TestFleet();
  const { runtime } = fleet;
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("tells the engine's version", async () => {
    expect(await runtime.version({})).toMatch(/^\d+\.\d+/);
  });

  test("takes a server from create to remove, telling its state on the way", async () => {
    const echo = spec("echo.mjs", { env: { TOKEN: "hunter2" }, labels: { team: "a" } });
    const { record, sink, attachment } = await fleet.start(echo, "whole-life");
    expect(record).toMatchObject({ server: "whole-life", instance: "1", state: "created", stopping: false });
    expect(record.spec).toEqual(echo);
    expect(record.imageId).toMatch(/^sha256:/);
    expect(record.imageDigest).toBe("");
    expect(record.startTimeMs).toBeUndefined();

    attachment.write(Buffer.from("hello\n"));
    await sink.until(({ out }) => out === "hello\n");
    const running = await runtime.inspect(record.id, {});
    expect(running).toMatchObject({ state: "running", spec: echo });
    expect(running?.startTimeMs).toBeGreaterThanOrEqual(record.createTimeMs);
    expect(running?.exit).toBeUndefined();

    await runtime.stop(record.id, { graceMs: 30_000 });
    expect(await sink.ended).toBeUndefined();
    expect(await runtime.inspect(record.id, {})).toMatchObject({
      state: "exited",
      exit: { exitCode: 143, oomKilled: false },
    });

    await runtime.remove(record.id, {});
    expect(await runtime.inspect(record.id, {})).toBeUndefined();
    expect(await runtime.list({})).not.toContainEqual(expect.objectContaining({ id: record.id }));
  });

  test("starts an exited container again, with its stdio, and a running one without effect", async () => {
    const { record, sink } = await fleet.start(spec("exiter.mjs"));
    await sink.ended;
    await runtime.stop(record.id, { graceMs: 0 });
    const second = new Recorder();
    await runtime.attach(record.id, second, {});
    await runtime.start(record.id, {});
    await second.ended;
    expect(second.out).toBe("out\n");

    const { record: running } = await fleet.start(spec("echo.mjs"));
    await runtime.start(running.id, {});
    expect((await runtime.inspect(running.id, {}))?.state).toBe("running");
  });

  test("shows env values in no label, event or listing", async () => {
    const events = (await fleet.docker.getEvents({
      filters: { label: [`mcpm.fleet=${fleet.fleet}`], type: ["container"] },
    })) as NodeJS.ReadableStream & { destroy(): void };
    const seen: string[] = [];
    const { promise: destroyed, resolve } = Promise.withResolvers<void>();
    events.on("data", (chunk: Buffer) => {
      seen.push(String(chunk));
      if (seen.join("").includes('"destroy"')) resolve();
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

  test("hands on an environment that is far larger than a URL may be", async () => {
    const env = { A: "a".repeat(100_000), B: "b".repeat(100_000) };
    const program = "console.log(process.env.A.length + process.env.B.length)";
    const { record, sink } = await fleet.start(spec(program, { env }));
    await sink.ended;
    expect(sink.out).toBe("200000\n");
    expect((await runtime.inspect(record.id, {}))?.spec?.env).toEqual(env);
  });

  test("refuses a second container of one name as a conflict, and leaves the first alone", async () => {
    const record = await fleet.create(spec("echo.mjs"), "twice");
    await expect(fleet.create(spec("echo.mjs"), "twice")).rejects.toMatchObject({
      kind: "conflict",
      details: { reason: "NAME_TAKEN", server: "twice", delivery: "not_sent" },
    });
    expect(await runtime.inspect(record.id, {})).toMatchObject({ id: record.id, state: "created" });
  });

  test("leaves no container behind when the caller left while it was created", async () => {
    const abort = new AbortController();
    const creating = runtime.create(
      { server: "left", instance: "1", spec: spec("echo.mjs") },
      { signal: abort.signal },
    );
    abort.abort();
    await expect(creating).rejects.toMatchObject({ kind: "cancelled" });
    expect((await runtime.list({})).filter(({ server }) => server === "left")).toEqual([]);
  });

  test("tells in the engine's words why a start was refused, and leaves the container to its caller", async () => {
    const record = await fleet.create(spec("echo.mjs", { user: "no-such-user" }));
    await expect(runtime.start(record.id, {})).rejects.toMatchObject({
      kind: "not_running",
      message: expect.stringContaining("no-such-user"),
      details: { reason: "START_REFUSED", server: record.server },
    });
    expect((await runtime.inspect(record.id, {}))?.state).toBe("created");
  });

  test("shows a program that does not exist as an exit of 127, for docker-init did start", async () => {
    const { record, sink } = await fleet.start({ ...spec("echo.mjs"), command: ["/no/such/program"] });
    await sink.ended;
    await runtime.stop(record.id, { graceMs: 0 });
    expect(sink.err).toContain("/no/such/program");
    expect((await runtime.inspect(record.id, {}))?.exit).toEqual({ exitCode: 127, oomKilled: false });
  });

  test("refuses in the engine's words what the engine finds invalid", async () => {
    await expect(fleet.create(spec("echo.mjs", { limits: { cpus: 10_000 } }))).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("CPUs"),
    });
  });

  test("finds nothing to do for a container that is gone", async () => {
    const { id } = await fleet.create(spec("echo.mjs"));
    await Promise.all([runtime.remove(id, {}), runtime.remove(id, {}), runtime.remove(id, {})]);
    await runtime.remove(id, {});
    await runtime.stop(id, { graceMs: 1_000 });
    await runtime.markStopping(id, {});
    expect(await runtime.inspect(id, {})).toBeUndefined();
    await expect(runtime.start(id, {})).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "CONTAINER_REMOVED" },
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
  const other = new TestFleet();
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  test("sees every instance of this fleet, whatever its state, and of no other", async () => {
    const created = await fleet.create(spec("echo.mjs"), "created");
    const { record: running } = await fleet.start(spec("echo.mjs"), "running");
    const { record: exited, sink } = await fleet.start(spec("exiter.mjs"), "exited");
    const { record: paused } = await fleet.start(spec("echo.mjs"), "paused");
    await sink.ended;
    await fleet.runtime.stop(exited.id, { graceMs: 0 });
    await fleet.docker.getContainer(paused.id).pause();
    const foreign = await other.create(spec("echo.mjs"), "created");

    const listed = (await fleet.runtime.list({})).map(({ id, state }) => [id, state]);
    expect(Object.fromEntries(listed)).toEqual({
      [created.id]: "created",
      [running.id]: "running",
      [exited.id]: "exited",
      [paused.id]: "paused",
    });
    expect(await fleet.runtime.inspect(foreign.id, {})).toBeUndefined();
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
    expect(listed.length).toBeLessThanOrEqual(records.length + 4);
    const ids = new Set(records.map(({ id }) => id));
    expect((await fleet.runtime.list({})).filter(({ id }) => ids.has(id))).toEqual([]);
  });

  test("shows a container whose record it can't read, saying why", async () => {
    const { id } = await fleet.docker.createContainer({
      Image: "mcpm-test/servers:latest",
      Labels: {
        "managed-by": "mcp-docker-manager",
        "mcpm.fleet": fleet.fleet,
        "mcpm.server": "odd",
        "mcpm.spec": "not JSON",
      },
    });
    const record = (await fleet.runtime.list({})).find((one) => one.id === id);
    expect(record).toMatchObject({ server: "odd", spec: undefined, specError: expect.stringContaining("JSON") });
  });
});

describe("DockerRuntime.prepare", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());
  const missing = "registry.invalid/nobody/nothing:1";

  test("is content with an image that is there", async () => {
    await fleet.runtime.prepare(spec("echo.mjs"), {});
    await fleet.runtime.prepare(spec("echo.mjs", { pullPolicy: "if_missing" }), {});
    expect(await fleet.runtime.hasImage(spec("echo.mjs"), {})).toBe(true);
  });

  test("does not pull when the spec says never", async () => {
    expect(await fleet.runtime.hasImage({ image: missing }, {})).toBe(false);
    await expect(fleet.runtime.prepare({ image: missing, pullPolicy: "never" }, {})).rejects.toMatchObject({
      kind: "not_found",
      message: expect.stringContaining("NEVER"),
      details: { reason: "IMAGE_UNAVAILABLE", delivery: "not_sent" },
    });
  });

  test.each(["if_missing", "always"] as const)(
    "gives the pull's text when policy %s can't pull",
    async (pullPolicy) => {
      await expect(fleet.runtime.prepare({ image: missing, pullPolicy }, {})).rejects.toMatchObject({
        kind: "not_found",
        message: expect.stringContaining("registry.invalid"),
        details: { reason: "IMAGE_UNAVAILABLE" },
      });
    },
  );

  test("refuses to create from an image that is not there", async () => {
    const request = { server: "none", instance: "1", spec: { image: missing } };
    await expect(fleet.runtime.create(request, {})).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "IMAGE_UNAVAILABLE" },
    });
  });
});
