import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { MountSpec, ServerSpec } from "../../../../src/base/spec/spec.ts";
import { CommittedImage } from "../committed-image.ts";
import { TestFleet } from "../test-fleet.ts";

/** Tells whose the folders are, their modes, and whether they can be written. */
const look = (...places: string[]) => `
  import { statSync, writeFileSync } from "node:fs";
  for (const place of ${JSON.stringify(places)}) {
    const { uid, gid, mode } = statSync(place);
    let note = "ok";
    try { writeFileSync(place + "/note", "x"); } catch (error) { note = error.code; }
    console.log(place, uid + ":" + gid, (mode & 0o7777).toString(8), note);
  }`;

const fleet = new TestFleet();
let image: CommittedImage;
let volumes = 0;
beforeAll(async () => {
  const program = `
    mkdirSync("/own"); chownSync("/own", 1000, 1000); mkdirSync("/roots");
    mkdirSync("/full"); writeFileSync("/full/x", "x");
    writeFileSync("/etc/passwd", "root:x:0:0::/root:/bin/sh\\nserver:x:1234:77::/home/server:/bin/sh\\n");`;
  image = await CommittedImage.make(fleet.docker, {
    program,
    changes: ["USER 1000:1000", "VOLUME /own", "VOLUME /tmp"],
  });
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await image[Symbol.asyncDispose]();
});

const seen = async (mounts: readonly MountSpec[], more: Partial<ServerSpec> = {}, on = fleet) => {
  const program = look(...mounts.map(({ target }) => target));
  const { record, sink } = await on.start(TestFleet.spec(program, { image: image.name, mounts, ...more }));
  await sink.ended;
  await on.runtime.remove(record.id, {});
  expect(sink.err).toBe("");
  return sink.out.trim();
};
const volume = (target: string, more: Partial<MountSpec> = {}): MountSpec => {
  volumes += 1;
  return { type: "volume", source: `${fleet.fleet}-${volumes}`, target, writable: true, ...more };
};
const tmpfs = (target: string, more: Partial<MountSpec> = {}): MountSpec => ({ type: "tmpfs", target, ...more });

describe("A new volume", () => {
  test.each<[string, MountSpec, Partial<ServerSpec>, string]>([
    ["at a path that the image lacks is the server's", volume("/new"), {}, "/new 1000:1000 755 ok"],
    ["is that of the spec's user", volume("/new"), { user: "1234:5" }, "/new 1234:5 755 ok"],
    ["is that of a user by name", volume("/new"), { user: "server" }, "/new 1234:77 755 ok"],
    ["is root's for root", volume("/new"), { user: "0" }, "/new 0:0 755 ok"],
    ["at a folder that is empty and root's is the server's", volume("/roots"), {}, "/roots 1000:1000 755 ok"],
    ["at a folder of the server's stays so", volume("/own"), {}, "/own 1000:1000 755 ok"],
    ["that has what the image has there stays so", volume("/full"), {}, "/full 0:0 755 EACCES"],
    ["has the owner and the mode of its mount", volume("/new", { uid: 1234, mode: "0707" }), {}, "/new 1234:77 707 ok"],
    ["has an owner of a large number", volume("/new", { uid: 2_000_000_001 }), {}, "/new 2000000001:0 755 EACCES"],
    ["that can only be read stays root's", volume("/new", { writable: false }), {}, "/new 0:0 755 EROFS"],
  ])("%s", async (_what, mount, more, line) => {
    expect(await seen([mount], more)).toBe(line);
  });

  test("is given once: what is in use keeps its owner", async () => {
    const mount = volume("/new");
    expect(await seen([mount])).toBe("/new 1000:1000 755 ok");
    expect(await seen([mount], { user: "1234" })).toBe("/new 1000:1000 755 EACCES");
  });

  test("that a manager left behind when it was killed is given by the next Start", async () => {
    const mount = volume("/new");
    await fleet.docker.createVolume({
      Name: mount.source ?? "",
      Labels: { "managed-by": "mcp-docker-manager", "mcpm.fleet": fleet.fleet },
    });
    expect(await seen([mount, volume("/other")])).toBe("/new 1000:1000 755 ok\n/other 1000:1000 755 ok");
  });

  test("says which server made it", async () => {
    const mount = volume("/new");
    const record = await fleet.create(TestFleet.spec("echo.mjs", { mounts: [mount] }), "maker");
    await fleet.runtime.remove(record.id, {});
    const { Labels } = await fleet.docker.getVolume(mount.source ?? "").inspect();
    expect(Labels).toMatchObject({ "mcpm.server": "maker" });
  });
});

// Over a folder of the image older engines (runc before 1.2) take the folder's mode.
const ofServer = /^\/\w+ 1000:1000 (755|1777) ok$/m;

describe("A tmpfs", () => {
  test.each<[string, MountSpec, Partial<ServerSpec>, string | RegExp]>([
    ["is everybody's", tmpfs("/new"), {}, "/new 0:0 1777 ok"],
    ["over a folder of the image is the server's", tmpfs("/roots"), {}, /^\/roots 1000:1000 (755|1777) ok$/],
    ["over such a folder is root's for root", tmpfs("/roots"), { user: "0" }, /^\/roots 0:0 (755|1777) ok$/],
    [
      "has the owner and the mode of its mount",
      tmpfs("/new", { uid: 1234, mode: "0700" }),
      { user: "0" },
      "/new 1234:77 700 EACCES",
    ],
  ])("%s", async (_what, mount, more, line) => {
    expect(await seen([mount], more)).toEqual(typeof line === "string" ? line : expect.stringMatching(line));
  });

  const mountsOf = 'import { readFileSync } from "node:fs"; console.log(readFileSync("/proc/self/mounts", "utf8"));';
  test.each([
    ["/tmp", {}],
    ["/dev/shm", {}],
    ["/roots", {}],
    ["/new", { uid: 1000 }],
  ])("at %s has the size of its mount, and runs no programs", async (target, more) => {
    const mounts = [tmpfs(target, { sizeBytes: 200 * 1024 * 1024, ...more })];
    const { record, sink } = await fleet.start(TestFleet.spec(mountsOf, { image: image.name, mounts }));
    await sink.ended;
    await fleet.runtime.remove(record.id, {});
    const line = sink.out.split("\n").find((one) => one.split(" ")[1] === target);
    expect(line?.split(" ")[3]?.split(",")).toEqual(
      expect.arrayContaining(["size=204800k", "noexec", "nosuid", "nodev"]),
    );
    expect(record.leaveAlone).toBeUndefined();
  });
});

describe("The VOLUMEs of an image that a spec mounts nothing at", () => {
  const bounded = new TestFleet({ imageVolumes: "tmpfs" });
  const strict = new TestFleet({ imageVolumes: "refuse" });
  afterAll(async () => {
    await bounded[Symbol.asyncDispose]();
    await strict[Symbol.asyncDispose]();
  });
  const program = `
    import { readFileSync } from "node:fs";
    console.log(readFileSync("/proc/self/mounts", "utf8").split("\\n").filter((line) => / \\/own /.test(line)).join());
    ${look("/own")}`;
  const ran = async (on: TestFleet) => {
    const { record, sink } = await on.start(TestFleet.spec(program, { image: image.name }));
    await sink.ended;
    const { Mounts } = await on.docker.getContainer(record.id).inspect();
    expect((await on.runtime.inspect(record.id, {}))?.leaveAlone).toBeUndefined();
    await on.runtime.remove(record.id, {});
    return { out: sink.out, volumes: Mounts.map(({ Type, Destination }) => `${Type} ${Destination}`) };
  };

  test("are volumes by default, and the manager's own /tmp stays", async () => {
    const { out, volumes } = await ran(fleet);
    expect(out).toMatch(/\/own 1000:1000 755 ok\n$/);
    expect(out).not.toContain("tmpfs");
    expect(volumes).toEqual(["volume /own"]);
  });

  test("are a bounded tmpfs of the server's with MCPM_IMAGE_VOLUMES=tmpfs", async () => {
    const { out, volumes } = await ran(bounded);
    expect(out).toMatch(/^tmpfs \/own tmpfs rw,nosuid,nodev,noexec,.*size=65536k/);
    expect(out).toMatch(ofServer);
    expect(volumes).toEqual([]);
  });

  test("are refused with MCPM_IMAGE_VOLUMES=refuse, and the error names the path and the mount that helps", async () => {
    const refused = strict.create(TestFleet.spec(program, { image: image.name }), "s");
    await expect(refused).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringMatching(/"\/own".*TMPFS/),
      details: { reason: "DENIED_BY_OPERATOR", violations: [{ field: "spec.mounts" }] },
    });
    expect(await strict.runtime.list({})).toEqual([]);
    expect(await seen([tmpfs("/own")], {}, strict)).toMatch(ofServer);
  });
});

describe("A VOLUME of an image that is no absolute path", () => {
  let odd: CommittedImage;
  const everywhere = [fleet, new TestFleet({ imageVolumes: "tmpfs" }), new TestFleet({ imageVolumes: "refuse" })];
  const [, bounded, strict] = everywhere as [TestFleet, TestFleet, TestFleet];
  beforeAll(async () => {
    odd = await CommittedImage.make(fleet.docker, { changes: ["USER 1000:1000", 'VOLUME ["rel", "../../esc"]'] });
  });
  afterAll(async () => {
    await bounded[Symbol.asyncDispose]();
    await strict[Symbol.asyncDispose]();
    await odd[Symbol.asyncDispose]();
  });

  test.each([
    ["tmpfs", bounded, []],
    ["refuse", strict, []],
    ["refuse", strict, [tmpfs("/rel"), tmpfs("/esc")]],
  ])("is refused with MCPM_IMAGE_VOLUMES=%s, for nothing can take its place", async (_mode, on, mounts) => {
    await expect(on.create(TestFleet.spec("echo.mjs", { image: odd.name, mounts }), "s")).rejects.toMatchObject({
      kind: "denied",
      message: expect.stringMatching(/^spec\.image: .*"(?:rel|\.\.\/\.\.\/esc)".*absolute/),
      details: { reason: "DENIED_BY_OPERATOR" },
    });
    expect(await on.runtime.list({})).toEqual([]);
  });

  test("is kept by default, and a mount at its place is what the server has", async () => {
    const program =
      'import { statfsSync } from "node:fs"; console.log(statfsSync("/rel").type.toString(16), process.env.HOME);';
    const mounts = [tmpfs("/rel")];
    const { record, sink } = await fleet.start(TestFleet.spec(program, { image: odd.name, mounts }));
    await sink.ended;
    await fleet.runtime.remove(record.id, {});
    expect(sink.out).toBe("1021994 /tmp\n");
  });

  test("is refused by default where it would hide a mount", async () => {
    const spec = TestFleet.spec("echo.mjs", { image: odd.name, mounts: [tmpfs("/esc")] });
    await expect(fleet.create(spec, "s")).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringMatching(/^spec\.mounts\[0\]\.target: .*the image has a volume/),
    });
  });

  test.each(["/", "/..", "."])("is refused whatever the setting when it is the root, as %s", async (path) => {
    const image = await CommittedImage.make(fleet.docker, { changes: [`VOLUME ["${path}"]`] });
    onTestFinished(() => image[Symbol.asyncDispose]());
    for (const on of everywhere) {
      await expect(on.create(TestFleet.spec("echo.mjs", { image: image.name }), "s")).rejects.toMatchObject({
        kind: "invalid",
        message: expect.stringContaining("spec.image: the image has a VOLUME at"),
      });
    }
  });
});

describe("A working_dir", () => {
  test.each(["/srv/echo.mjs", "/srv/echo.mjs/below"])("that is a file, %s, is the spec's fault", async (workingDir) => {
    await expect(fleet.create(TestFleet.spec("echo.mjs", { workingDir }), "w")).rejects.toMatchObject({
      kind: "invalid",
      message: expect.not.stringContaining("overlay"),
      details: { reason: "INVALID_REQUEST", violations: [{ field: "spec.working_dir" }] },
    });
    expect(await fleet.runtime.list({})).toEqual([]);
  });
});
