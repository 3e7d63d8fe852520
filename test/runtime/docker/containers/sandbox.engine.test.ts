import { chmod, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { Recorder } from "../../recorder.ts";
import { TestFleet } from "../test-fleet.ts";

const { spec } = TestFleet;

/** What test/servers/sandbox-probe.mjs tells from inside. */
async function probe(fleet: TestFleet, more: Partial<ServerSpec> = {}) {
  const { sink } = await fleet.start(spec("sandbox-probe.mjs", more));
  await sink.ended;
  expect(sink.err).toBe("");
  return JSON.parse(sink.out) as Record<string, unknown>;
}

describe("the sandbox, seen from inside", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("is closed by default", async () => {
    const seen = await probe(fleet);
    expect(seen).toMatchObject({
      writeRoot: "EROFS",
      writeWorkingDir: "EROFS",
      writeTmp: "ok",
      fillTmp: "ENOSPC",
      tmpOptions: expect.arrayContaining(["rw", "nosuid", "nodev", "noexec"]),
      interfaces: ["lo"],
      capabilities: "0000000000000000",
      boundingSet: "0000000000000000",
      noNewPrivileges: "1",
      seccomp: "2",
      processOne: expect.stringMatching(/^(?:docker|podman)-init$/),
      uid: 1000,
      workingDir: "/srv",
      memory: String(512 * 1024 * 1024),
      pids: "256",
      cpu: expect.stringMatching(/^100000( 100000)?$/),
      dockerSocket: false,
    });
  });

  test("stays without capabilities for root", async () => {
    expect(await probe(fleet, { user: "0:0" })).toMatchObject({
      uid: 0,
      writeRoot: "EROFS",
      capabilities: "0000000000000000",
    });
  });

  test("opens as far as the spec says", async () => {
    const seen = await probe(fleet, {
      user: "0:0",
      readOnlyRoot: false,
      capAdd: ["CHOWN"],
      limits: { cpus: 0.5, memoryBytes: 256 * 1024 * 1024, pids: 64 },
      workingDir: "/tmp",
      args: ["/srv/sandbox-probe.mjs"],
      env: { PROBE: "x=y z" },
    });
    expect(seen).toMatchObject({
      writeRoot: "ok",
      capabilities: "0000000000000001",
      boundingSet: "0000000000000001",
      noNewPrivileges: "1",
      memory: String(256 * 1024 * 1024),
      pids: "64",
      cpu: expect.stringMatching(/^50000( 100000)?$/),
      workingDir: "/tmp",
      env: "x=y z",
    });
  });
});

describe("network bridge", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("gives the container an interface, and nothing else of the sandbox away", async () => {
    expect(await probe(fleet, { network: "bridge" })).toMatchObject({
      interfaces: expect.arrayContaining(["lo", "eth0"]),
      capabilities: "0000000000000000",
      writeRoot: "EROFS",
    });
  });
});

describe("mounts on an engine", () => {
  let base = "";
  let root = "";
  let fleet: TestFleet;
  const other = new TestFleet();

  beforeAll(async () => {
    base = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-mounts-")));
    root = path.join(base, "data");
    await mkdir(path.join(root, "project"), { recursive: true });
    await writeFile(path.join(root, "project", "file.txt"), "from the host");
    // For a server of any user.
    await chmod(path.join(root, "project"), 0o777);
    await mkdir(path.join(base, "secret"));
    await symlink(path.join(root, "project"), path.join(root, "link"));
    fleet = new TestFleet({ bindRoots: [root] });
  });
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await rm(base, { recursive: true, force: true });
  });

  const tryWrite = (file: string) =>
    `import { writeFileSync } from "node:fs";
     try { writeFileSync("${file}", "x"); console.log("ok") } catch (error) { console.log(error.code) }`;
  const outputOf = async (program: string, mounts: ServerSpec["mounts"], user = "0:0") => {
    const { record, sink } = await fleet.start(spec(program, { user, ...(mounts && { mounts }) }));
    await sink.ended;
    return { record, out: sink.out };
  };

  test("bind a host folder, read-only unless the spec says writable, by its real path", async () => {
    const mount = { type: "bind", source: path.join(root, "link"), target: "/data" } as const;
    const read = 'import { readFileSync } from "node:fs"; console.log(readFileSync("/data/file.txt", "utf8"))';
    const { record, out } = await outputOf(read, [mount]);
    expect(out).toBe("from the host\n");
    const info = await fleet.docker.getContainer(record.id).inspect();
    expect(info.HostConfig.Mounts?.[0]).toMatchObject({
      Source: path.join(root, "project"),
      ReadOnly: true,
      BindOptions: { NonRecursive: true, Propagation: "rprivate" },
    });
    expect(info.HostConfig.Binds).toBeNull();
    expect((await outputOf(tryWrite("/data/new"), [mount])).out).toBe("EROFS\n");
    expect((await outputOf(tryWrite("/data/new"), [{ ...mount, writable: true }], "1000:1000")).out).toBe("ok\n");
  });

  test("refuse a source outside the roots before anything is created", async () => {
    const request = { server: "out", instance: "1", replica: 0 };
    const bad = spec("echo.mjs", { mounts: [{ type: "bind", source: path.join(base, "secret"), target: "/data" }] });
    const denied = {
      kind: "denied",
      details: { reason: "BIND_NOT_ALLOWED", violations: [{ field: "spec.mounts[0].source" }] },
    };
    await expect(fleet.runtime.check(bad, {})).rejects.toMatchObject(denied);
    await expect(fleet.runtime.create({ ...request, spec: bad }, {})).rejects.toMatchObject(denied);
    expect((await fleet.runtime.list({})).filter(({ server }) => server === "out")).toEqual([]);
  });

  test("refuse to start again when a link has taken the source's place", async () => {
    const source = path.join(root, "swapped");
    await mkdir(source);
    const record = await fleet.create(spec("echo.mjs", { mounts: [{ type: "bind", source, target: "/data" }] }));
    await rename(source, `${source}.old`);
    await symlink(path.join(root, "project"), source);
    await expect(fleet.runtime.run(record.id, new Recorder(), {})).rejects.toMatchObject({
      kind: "denied",
      details: { reason: "BIND_NOT_ALLOWED" },
    });
    await rm(source);
    await symlink(path.join(base, "secret"), source);
    await expect(fleet.runtime.run(record.id, new Recorder(), {})).rejects.toMatchObject({ kind: "denied" });
  });

  test("keep a named volume of this fleet over the server's removal, and deny it to others", async () => {
    const volume = { type: "volume", source: `${fleet.fleet}-memory`, target: "/memory", writable: true } as const;
    const { record, out } = await outputOf(tryWrite("/memory/note"), [volume]);
    expect(out).toBe("ok\n");
    await fleet.runtime.remove(record.id, {});
    const read = 'import { readFileSync } from "node:fs"; console.log(readFileSync("/memory/note", "utf8"))';
    expect((await outputOf(read, [volume])).out).toBe("x\n");
    await expect(other.runtime.check(spec("echo.mjs", { mounts: [volume] }), {})).rejects.toMatchObject({
      kind: "denied",
      details: { reason: "VOLUME_NOT_OWNED", violations: [{ field: "spec.mounts[0].source" }] },
    });
  });

  test.each(["../../containers/json", "a/b", "/etc", "x?y", "mcpm-owner.default.1"])(
    "refuse %j as the name of a volume",
    async (source) => {
      const mounts = [{ type: "volume", source, target: "/v" }] as const;
      await expect(fleet.runtime.check(spec("echo.mjs", { mounts }), {})).rejects.toMatchObject({ kind: "invalid" });
    },
  );

  test("give a tmpfs that can be written", async () => {
    expect((await outputOf(tryWrite("/cache/x"), [{ type: "tmpfs", target: "/cache" }])).out).toBe("ok\n");
  });

  test("replace the sandbox's own /tmp", async () => {
    const volume = { type: "volume", source: `${fleet.fleet}-tmp`, target: "/tmp", writable: true } as const;
    expect((await outputOf(tryWrite("/tmp/x"), [volume])).out).toBe("ok\n");
  });
});
