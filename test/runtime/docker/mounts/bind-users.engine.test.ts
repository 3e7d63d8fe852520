import { chmod, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { Recorder } from "../../recorder.ts";
import { CommittedImage } from "../committed-image.ts";
import { TestFleet } from "../test-fleet.ts";

const whoAmI = `
  import { writeFileSync } from "node:fs";
  let note = "wrote";
  try { writeFileSync("/data/note-" + process.getuid(), "x") } catch (error) { note = error.code }
  console.log(process.getuid(), process.getgid(), process.getgroups().join() || "none", note);`;

/** An image's own files, which may say anything. */
const passwd = [
  "root:x:0:0::/root:/bin/sh",
  "node:x:1000:1000::/home/node:/bin/sh",
  "rootish:x:0:0::/:/bin/sh",
  "1000:x:0:0::/:/bin/sh",
  "huge:x:4294967296:4294967296::/:/bin/sh",
];
const group = ["root:x:0:node", "docker:x:998:node", "node:x:1000:", "staff:x:50:"];

const denied = (text: RegExp, field = "spec.user") => ({
  kind: "denied",
  message: expect.stringMatching(text),
  details: { reason: "BIND_NOT_ALLOWED", delivery: "not_sent", violations: [{ field }] },
});

describe("who may write to a bind mount", () => {
  let root = "";
  let fleet: TestFleet;
  const images = new Map<string, CommittedImage>();
  const imageOf = async (user: string, more = "") => {
    const files = `writeFileSync("/etc/passwd", ${JSON.stringify(passwd.join("\n"))}); writeFileSync("/etc/group", ${JSON.stringify(group.join("\n"))});`;
    const key = `${user} ${more}`;
    const image =
      images.get(key) ??
      (await CommittedImage.make(fleet.docker, { program: files + more, changes: [`USER ${user}`] }));
    images.set(key, image);
    return image.name;
  };

  beforeAll(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), "mcpm-bind-users-")));
    await mkdir(path.join(root, "shared"));
    await chmod(path.join(root, "shared"), 0o777);
    fleet = new TestFleet({ bindRoots: [root] });
  });
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    for (const image of images.values()) await image[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  const spec = (more: Partial<ServerSpec> = {}, writable = true): ServerSpec =>
    TestFleet.spec(whoAmI, {
      mounts: [{ type: "bind", source: path.join(root, "shared"), target: "/data", writable }],
      ...more,
    });
  const outputOf = async (asked: ServerSpec) => {
    const { record, sink } = await fleet.start(asked);
    await sink.ended;
    const { Config } = await fleet.docker.getContainer(record.id).inspect();
    await fleet.runtime.remove(record.id, {});
    return { out: sink.out.trim(), user: Config.User };
  };
  const left = async (server: string) => (await fleet.runtime.list({})).filter((record) => record.server === server);

  test.each(["0", "0:0", "root", "4242", "4242:4242", "1000:0", "0:1000", "node:staff"])(
    "is not a server as user %s, which says what to set",
    async (user) => {
      const refused = denied(/^spec\.user: .*1000:1000 \(MCPM_BIND_USERS\)/);
      await expect(fleet.create(spec({ user, image: await imageOf("1000:1000") }), "refused")).rejects.toMatchObject(
        refused,
      );
      expect(await left("refused")).toEqual([]);
      if (/^\d+:\d+$/.test(user)) await expect(fleet.runtime.check(spec({ user }), {})).rejects.toMatchObject(refused);
    },
  );

  test.each(["0:0", "root", "0", "rootish", "huge", "node:staff", "4242:4242", "nobody-here", "1000:docker"])(
    "is not the user of an image whose USER is %j",
    async (user) => {
      const refused = fleet.create(spec({ image: await imageOf(user) }), "refused");
      await expect(refused).rejects.toMatchObject(
        denied(/^spec\.user: the image's own user, .* may not write to a bind/),
      );
      expect(await left("refused")).toEqual([]);
    },
  );

  test.each(["node", "1000", "1000:1000", "node:node", "1000:node", "01000:1000"])(
    "is an image's user %s, by its numbers and without any further group",
    async (user) => {
      const image = await imageOf(user);
      const expected = { out: "1000 1000 1000 wrote", user: "1000:1000" };
      const { out, user: given } = await outputOf(spec({ image }));
      expect({ out: out.replace("none", "1000"), user: given }).toEqual(expected);
      const named = await outputOf(spec({ image, user: "node" }));
      expect({ out: named.out.replace("none", "1000"), user: named.user }).toEqual(expected);
    },
  );

  test("does not look where a link called /etc/passwd leads", async () => {
    const more = `import("node:fs").then(({ rmSync, symlinkSync }) => { rmSync("/etc/passwd"); symlinkSync("/etc/group", "/etc/passwd") });`;
    const refused = fleet.create(spec({ image: await imageOf("node", more) }));
    await expect(refused).rejects.toMatchObject(denied(/has no user "node" in its \/etc\/passwd/));
  });

  test("reads a long /etc/passwd, and no endless one", async () => {
    const lines = (count: number) =>
      `writeFileSync("/etc/passwd", "x:x:7:7::/:/\\n".repeat(${count}) + "late:x:1000:1000::/:/");`;
    expect((await outputOf(spec({ image: await imageOf("late", lines(20_000)) }))).user).toBe("1000:1000");
    const refused = fleet.create(spec({ image: await imageOf("late", lines(200_000)) }));
    await expect(refused).rejects.toMatchObject(denied(/has no user "late"/));
  });

  test("is anybody when nothing can be written", async () => {
    expect((await outputOf(spec({ user: "0:0" }, false))).out).toMatch(/^0 0 .*EROFS$/);
    expect((await outputOf(spec({ user: "node" }, false))).user).toBe("node");
  });

  test("is nobody with a capability that gives rights to others' files", async () => {
    const asked = spec({ user: "1000:1000", capAdd: ["NET_BIND_SERVICE", "DAC_OVERRIDE"] });
    const refused = denied(/DAC_OVERRIDE/, "spec.cap_add[1]");
    await expect(fleet.runtime.check(asked, {})).rejects.toMatchObject(refused);
    await expect(fleet.create(asked)).rejects.toMatchObject(refused);
    expect((await outputOf(spec({ user: "1000:1000", capAdd: ["NET_BIND_SERVICE"] }))).out).toContain("wrote");
  });

  test("is whom the operator names", async () => {
    await using other = new TestFleet({ bindRoots: [root], bindUsers: ["4242:50"] });
    const { sink } = await other.start(spec({ user: "4242:50" }));
    await sink.ended;
    expect(sink.out).toMatch(/^4242 50 .*wrote\n$/);
    await expect(other.create(spec())).rejects.toMatchObject(denied(/4242:50 \(MCPM_BIND_USERS\)/));
  });

  test("is told of by what the image calls itself, in a form that can be shown", async () => {
    const refused = fleet.create(spec({ image: await imageOf("x".repeat(500)) }), "refused");
    await expect(refused).rejects.toMatchObject(denied(/^spec\.user: the image's own user, "x{125}…", may not/));
  });

  test("is asked again before a container is started that an older manager or another setting allowed", async () => {
    const refused = denied(/^spec\.user: the container's user, \S+ may not write to a bind mount/);
    for (const user of ["0:0", "0", "", "node", "1000"]) {
      const record = await fleet.create(spec({ user: "1000:1000" }));
      const container = fleet.docker.getContainer(record.id);
      const { Config, HostConfig, Name } = await container.inspect();
      await container.remove({ force: true });
      const old = { ...Config, User: user, HostConfig };
      const { id } = await fleet.docker.createContainer({ ...old, name: Name.slice(1) });
      await expect(fleet.runtime.run(id, new Recorder(), {})).rejects.toMatchObject(refused);
      await fleet.runtime.remove(id, {});
    }
  });

  test("costs an image one look: of the second server nothing but its container is made", async () => {
    const since = Math.floor(Date.now() / 1000);
    await using other = new TestFleet({ bindRoots: [root] });
    const asked = spec({ image: await imageOf("node", " ") });
    const ids = [(await other.create(asked)).id, (await other.create(asked)).id];
    const filters = { label: [`mcpm.fleet=${other.fleet}`], event: ["create"] };
    const stream = await fleet.docker.getEvents({ since, until: Math.ceil(Date.now() / 1000), filters });
    const created = (await text(stream))
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { Actor: { ID: string } }).Actor.ID);
    expect(created).toEqual([expect.any(String), ...ids]);
  });
});
