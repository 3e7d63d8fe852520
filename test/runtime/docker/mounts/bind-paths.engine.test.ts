import { chmod, chown, mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MountSpec, ServerSpec } from "../../../../src/base/spec/spec.ts";
import { Recorder } from "../../recorder.ts";
import { TestFleet, testImage } from "../test-fleet.ts";

/** Puts a link to /etc in the place of a folder, and the folder back, as fast as it can. */
const swap = `
  import { renameSync, symlinkSync, unlinkSync } from "node:fs";
  process.chdir("/data");
  console.log("swapping");
  for (;;) {
    renameSync("sub", "kept"); symlinkSync("/etc", "sub");
    unlinkSync("sub"); renameSync("kept", "sub");
  }`;
const list = 'import { readdirSync } from "node:fs"; console.log(readdirSync("/data").length)';

const denied = (text: RegExp, index = 0) => ({
  kind: "denied",
  message: expect.stringMatching(text),
  details: {
    reason: "BIND_NOT_ALLOWED",
    delivery: "not_sent",
    violations: [{ field: `spec.mounts[${index}].source` }],
  },
});

describe("the path of a bind mount", () => {
  let root = "";
  let fleet: TestFleet;
  const at = (...names: string[]) => path.join(root, ...names);
  const bind = (source: string, writable = false, target = "/data"): MountSpec => ({
    type: "bind",
    source,
    target,
    writable,
  });
  const spec = (program: string, ...mounts: MountSpec[]): ServerSpec => TestFleet.spec(program, { mounts });

  beforeEach(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-bind-paths-")));
    await mkdir(at("open", "sub", "deeper"), { recursive: true });
    await mkdir(at("beside"));
    fleet = new TestFleet({ bindRoots: [root, at("open")] });
  });
  afterEach(async () => {
    await fleet[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  test.each([
    ["of another user, in a folder that is open to all", "1000:1000", 0o777],
    ["of the manager's own user, in a folder of its own", `${process.getuid?.()}:${process.getgid?.()}`, 0o755],
  ])("never leads to /etc, however often a server %s puts a link in its place", async (_whose, user, mode) => {
    await chmod(at("open"), mode);
    await using trusting = new TestFleet({ bindRoots: [root, at("open")], bindUsers: [user] });
    const swapper = await trusting.start({ ...spec(swap, bind(at("open"), true)), user });
    await swapper.sink.until(({ out }) => out.includes("swapping"));
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const source = index % 2 === 0 ? at("open", "sub") : at("open", "sub", "deeper");
        try {
          const { sink } = await fleet.start(spec(list, bind(source)));
          await sink.ended;
          return `came up with ${sink.out.trim()} entries`;
        } catch (error) {
          return (error as { kind: string }).kind;
        }
      }),
    );
    // Now and then the folder is not there, or leads out.
    expect(outcomes.filter((outcome) => !["denied", "invalid"].includes(outcome))).toEqual([]);
    // It was at it all the time.
    expect(swapper.sink.ends).toBe(0);
  });

  test("is refused below a folder that others may write to, and again at each start", async () => {
    const record = await fleet.create(spec("echo.mjs", bind(at("open", "sub", "deeper"))));
    await chmod(at("open", "sub"), 0o775);
    const refused = denied(/^spec\.mounts\[0\]\.source: "\S+\/open\/sub" can be written by .* MCPM_BIND_ROOTS/);
    await expect(fleet.runtime.run(record.id, new Recorder(), {})).rejects.toMatchObject(refused);
    const asked = spec("echo.mjs", bind(at("open", "sub", "deeper")));
    await expect(fleet.runtime.check(asked, {})).rejects.toMatchObject(refused);
    await expect(fleet.create(asked)).rejects.toMatchObject(refused);
    await chmod(at("open", "sub"), 0o755);
    await fleet.runtime.run(record.id, new Recorder(), {});
  });

  test.skipIf(process.getuid?.() !== 0)("is refused below a folder of another user", async () => {
    await chown(at("open", "sub"), 4242, 4242);
    await expect(fleet.create(spec("echo.mjs", bind(at("open", "sub", "deeper"))))).rejects.toMatchObject(
      denied(/can be written by user 4242/),
    );
    await fleet.create(spec("echo.mjs", bind(at("open", "sub"), true)));
  });

  test("is refused in what another server can write to, of any fleet, running or not", async () => {
    await using other = new TestFleet({ bindRoots: [at("open")] });
    const writer = await other.create(spec("echo.mjs", bind(at("open"), true)));
    const asked = spec("echo.mjs", bind(at("open", "sub")));
    await expect(fleet.create(asked)).rejects.toMatchObject(
      denied(/^spec\.mounts\[0\]\.source: "\S+\/open\/sub" lies in "\S+\/open", which the container \S+ has/),
    );
    // What lies beside, and the same folder for both, is nobody's way.
    await fleet.create(spec("echo.mjs", bind(at("beside"))));
    await fleet.create(spec("echo.mjs", bind(at("open"), true)), "same");
    await other.runtime.remove(writer.id, {});
    await fleet.runtime.remove((await fleet.runtime.list({})).find(({ server }) => server === "same")?.id ?? "", {});
    await fleet.create(asked);
  });

  test("is refused in what a container can write to that no manager made, by whatever path it was given", async () => {
    await symlink(at("open"), at("alias"));
    const Mounts = [{ Type: "bind", Source: at("alias"), Target: "/x", ReadOnly: false }] as never;
    const foreign = await fleet.docker.createContainer({ Image: testImage, HostConfig: { Mounts } });
    try {
      await expect(fleet.create(spec("echo.mjs", bind(at("open", "sub"))))).rejects.toMatchObject(denied(/lies in/));
    } finally {
      await foreign.remove({ force: true });
    }
    await fleet.create(spec("echo.mjs", bind(at("open", "sub"))));
  });

  test("is not writable above what another container has, or what is a root of its own", async () => {
    await expect(fleet.create(spec("echo.mjs", bind(root, true)))).rejects.toMatchObject(
      denied(/must not be writable: "\S+\/open" lies in it, which is one of MCPM_BIND_ROOTS/),
    );
    const below = await fleet.create(spec("echo.mjs", bind(at("open", "sub"))));
    await expect(fleet.create(spec("echo.mjs", bind(at("open"), true)))).rejects.toMatchObject(
      denied(/must not be writable: "\S+\/open\/sub" lies in it, which the container/),
    );
    await fleet.create(spec("echo.mjs", bind(at("open"))));
    await fleet.runtime.remove(below.id, {});
    await fleet.create(spec("echo.mjs", bind(at("open"), true)));
  });

  test("is held apart within one spec, too", async () => {
    const both = spec("echo.mjs", bind(at("open", "sub"), false, "/a"), bind(at("open"), true, "/b"));
    await expect(fleet.create(both)).rejects.toMatchObject(denied(/lies in .* which spec\.mounts\[1\]\.source gives/));
    await fleet.create(spec("echo.mjs", bind(at("open"), false, "/a"), bind(at("open", "sub"), false, "/b")));
  });

  test("is given to one of two that are started at once, when one could swap the other's", async () => {
    const pair = [spec("echo.mjs", bind(at("open"), true)), spec("echo.mjs", bind(at("open", "sub")))];
    const outcomes = await Promise.allSettled(pair.map((asked) => fleet.create(asked)));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  test("is refused at the start when two managers created what one could swap of the other's", async () => {
    const record = await fleet.create(spec("echo.mjs", bind(at("open", "sub"))));
    const { Config, HostConfig } = await fleet.docker.getContainer(record.id).inspect();
    const mount = { ...HostConfig.Mounts?.[0], Source: at("open"), ReadOnly: false } as never;
    const other = await fleet.docker.createContainer({
      Image: testImage,
      User: "1000:1000",
      Labels: Config.Labels,
      HostConfig: { Mounts: [mount] },
    });
    await expect(fleet.runtime.run(record.id, new Recorder(), {})).rejects.toMatchObject(denied(/lies in/));
    await expect(fleet.runtime.run(other.id, new Recorder(), {})).rejects.toMatchObject(denied(/must not be writable/));
  });

  test("is the same for all copies of a server, which may write to it", async () => {
    await chmod(at("open"), 0o777);
    for (const server of ["a", "b"]) {
      const { sink } = await fleet.start(spec(list, bind(at("open"), true)), server);
      await sink.ended;
      expect(sink.out).toBe("1\n");
    }
  });
});
