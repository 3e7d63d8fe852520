import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { MountSpec, ServerSpec } from "../../../../src/base/spec/spec.ts";
import { storedSpec } from "../../../../src/base/spec/stored-spec.ts";
import { startRequestSchema } from "../../../../src/operations/requests/request-schema.ts";
import { validate } from "../../../../src/operations/requests/validate.ts";
import { CommittedImage } from "../committed-image.ts";
import { TestFleet } from "../test-fleet.ts";

/** What a server sees of where it was mounted: the file systems of these places, and whether they can be written. */
const look = (...places: string[]) => `
  import { readFileSync, writeFileSync, realpathSync } from "node:fs";
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\\n").map((line) => line.split(" "));
  for (const place of ${JSON.stringify(places)}) {
    const type = mounts.findLast(([, target]) => target === place)?.[2] ?? "none";
    let note = "ok";
    try { writeFileSync(place + "/note", "x") } catch (error) { note = error.code }
    console.log(place, type, note);
  }`;

/** As the manager has a spec that came in by an RPC. */
const received = (spec: ServerSpec) => validate(startRequestSchema, { name: "s", spec }).spec as ServerSpec;

describe("the places of mounts", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());

  const volume = (target: string, name = "v"): MountSpec => ({
    type: "volume",
    source: `${fleet.fleet}-${name}`,
    target,
    writable: true,
  });
  const seen = async (mounts: readonly MountSpec[], places: string[]) => {
    const spec = received(TestFleet.spec(look(...places), { user: "0:0", mounts }));
    const { record, sink } = await fleet.start(spec);
    await sink.ended;
    await fleet.runtime.remove(record.id, {});
    return sink.out;
  };

  test.each(["/tmp", "/tmp/", "/tmp/.", "//tmp", "/./tmp", "/tmp//", "/.//./tmp/./"])(
    "a volume at %s is what the server has as its /tmp, and its data stays",
    async (target) => {
      expect(await seen([volume(target, "tmp")], ["/tmp"])).toMatch(/^\/tmp (?!tmpfs)\w+ ok\n$/);
      const read = 'import { readFileSync } from "node:fs"; console.log(readFileSync("/kept/note", "utf8"))';
      const { sink } = await fleet.start(received(TestFleet.spec(read, { mounts: [volume("/kept", "tmp")] })));
      await sink.ended;
      expect(sink.out).toBe("x\n");
    },
  );

  test("a mount below the manager's own /tmp lies in it, and one in another is there, too", async () => {
    const mounts: MountSpec[] = [volume("/outer/inner//", "in"), volume("/outer", "out"), volume("/tmp/./cache", "c")];
    expect(await seen(mounts, ["/tmp", "/tmp/cache", "/outer", "/outer/inner"])).toMatch(
      /^\/tmp tmpfs ok\n\/tmp\/cache (?!tmpfs)\w+ ok\n\/outer (?!none)\w+ ok\n\/outer\/inner (?!none)\w+ ok\n$/,
    );
  });

  test("what was kept with other spellings is the same spec as a new Start's", async () => {
    const spec = TestFleet.spec("echo.mjs", { workingDir: "/srv//", mounts: [volume("//data/")] });
    const record = await fleet.create(spec);
    expect(record.spec).toEqual(received(spec));
    expect(storedSpec(spec, "it")).toEqual(received(spec));
    await fleet.runtime.remove(record.id, {});
  });
});

describe("mounts whose targets are links in the image", () => {
  const fleet = new TestFleet();
  let image: CommittedImage;
  beforeAll(async () => {
    const program = `
      for (const [name, to] of Object.entries({ "/data": "/tmp", "/alias": "mnt", "/cache": "/tmp/cache", "/fw": "/sys/firmware", "/all": "/" }))
        symlinkSync(to, name);
      mkdirSync("/mnt"); mkdirSync("/run/x", { recursive: true });
      mkdirSync("/deep/er", { recursive: true }); symlinkSync("/mnt", "/deep/er/link");
      symlinkSync("/run", "/var/run"); symlinkSync("alias", "/twice");`;
    image = await CommittedImage.make(fleet.docker, { program, changes: ["USER 1000:1000"] });
  });
  afterAll(async () => {
    await image[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
  });

  const spec = (targets: string[], more: Partial<ServerSpec> = {}) => {
    const mounts = targets.map((target): MountSpec => ({ type: "volume", target }));
    return TestFleet.spec("echo.mjs", { image: image.name, mounts, ...more });
  };

  test.each([
    ["the manager's own /tmp", ["/data"], 0, "/data", "/tmp"],
    ["a place in it", ["/cache"], 0, "/cache", "/tmp/cache"],
    ["where another mount is", ["/alias", "/mnt"], 0, "/alias", "/mnt"],
    ["where another mount is that comes first", ["/mnt", "/twice"], 0, "/twice", "/mnt"],
    ["what hides a mount below it", ["/mnt/x", "/deep/er/link"], 0, "/deep/er/link", "/mnt"],
    ["what the engine hides", ["/fw"], 0, "/fw", "/sys/firmware"],
    ["the root", ["/all"], 0, "/all", "/"],
  ])("are refused by name when they lead to %s", async (_what, targets, _index, linked, place) => {
    const refused = fleet.create(spec(targets), "linked");
    await expect(refused).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringMatching(
        /^spec\.mounts\[\d\]\.target: .*(is \S+ in this image, by a link|would be hidden)/,
      ),
      details: {
        reason: "INVALID_REQUEST",
        violations: [{ field: expect.stringMatching(/^spec\.mounts\[\d\]\.target$/) }],
      },
    });
    expect([linked, place]).toHaveLength(2);
    expect((await fleet.runtime.list({})).filter(({ server }) => server === "linked")).toEqual([]);
  });

  test.each([
    ["nothing is there", ["/alias"], ["/mnt"]],
    ["what is there lies around it and comes before", ["/var/run/x", "/run"], ["/run", "/run/x"]],
    ["the root is writable, so that there is no tmpfs", ["/data"], ["/tmp"]],
  ])("are honoured when %s", async (_what, targets, places) => {
    const more = places.includes("/tmp") ? { readOnlyRoot: false } : {};
    const program = ["--input-type=module", "-e", look(...places)];
    const { record, sink } = await fleet.start(spec(targets, { ...more, user: "0:0", args: program }));
    onTestFinished(() => fleet.runtime.remove(record.id, {}));
    await sink.ended;
    expect(sink.out).toMatch(new RegExp(`^(${places.map((place) => `${place} (?!none|tmpfs)\\w+ ok\n`).join("")})$`));
  });
});
