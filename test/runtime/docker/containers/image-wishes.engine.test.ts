import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { CommittedImage, type ImageChanges } from "../committed-image.ts";
import { TestFleet } from "../test-fleet.ts";

const fleet = new TestFleet();
const images: CommittedImage[] = [];
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await Promise.all(images.map((image) => image[Symbol.asyncDispose]()));
});

const make = async (changes: ImageChanges) => {
  const image = await CommittedImage.make(fleet.docker, changes);
  images.push(image);
  return image.name;
};

/** Says on stdout which signal ended it. */
const tellsSignal = `
  for (const name of ["SIGINT", "SIGTERM", "SIGQUIT"])
    process.on(name, () => process.stdout.write(name + "\\n", () => process.exit(0)));
  console.log("up");
  setInterval(() => {}, 1000);`;

describe("the stop signal of an image", () => {
  let image = "";
  beforeAll(async () => {
    image = await make({ stopSignal: "SIGINT" });
  });

  test.each([{}, { init: false }])("is what a Stop sends, %j", async (more) => {
    const { record, sink } = await fleet.start(TestFleet.spec(tellsSignal, { image, ...more }));
    await expect.poll(() => sink.out).toBe("up\n");
    await fleet.runtime.stop(record.id, { graceMs: 20_000 });
    await sink.ended;
    expect(sink.out).toBe("up\nSIGINT\n");
    expect(await fleet.runtime.inspect(record.id, {})).toMatchObject({ state: "exited", exit: { exitCode: 0 } });
  });

  test("does not keep a server alive that ignores it", async () => {
    const deaf = 'process.on("SIGINT", () => {}); console.log("up"); setInterval(() => {}, 1000);';
    const { record, sink } = await fleet.start(TestFleet.spec(deaf, { image }));
    await expect.poll(() => sink.out).toBe("up\n");
    await fleet.runtime.stop(record.id, { graceMs: 50 });
    expect(await fleet.runtime.inspect(record.id, {})).toMatchObject({ state: "exited", exit: { exitCode: 137 } });
  });
});

/** Tells what HOME is, and whether it can be written. */
const tellsHome = `
  import { writeFileSync } from "node:fs";
  let wrote = "ok";
  try { writeFileSync(process.env.HOME + "/x", "x"); } catch (error) { wrote = error.code; }
  console.log(process.env.HOME, wrote);`;

describe("HOME", () => {
  let image = "";
  beforeAll(async () => {
    image = await make({
      program: 'mkdirSync("/home/app", { recursive: true }); chownSync("/home/app", 1000, 1000);',
      changes: ["USER 1000:1000", "ENV HOME=/home/app"],
    });
  });

  const homeOf = async (more: Partial<ServerSpec> = {}) => {
    const { record, sink } = await fleet.start(TestFleet.spec(tellsHome, more));
    await sink.ended;
    await fleet.runtime.remove(record.id, {});
    return sink.out.trim();
  };
  let volumes = 0;
  const volume = (target: string, writable = true) => {
    volumes += 1;
    return { type: "volume", source: `${fleet.fleet}-${volumes}`, target, writable } as const;
  };

  test.each<[string, string, () => Partial<ServerSpec>]>([
    ["its image's user has one", "/tmp ok", () => ({})],
    ["its image names one", "/tmp ok", () => ({ image })],
    ["its user has none", "/tmp ok", () => ({ user: "4242" })],
    ["it is root", "/tmp ok", () => ({ user: "0" })],
    ["there is a tmpfs elsewhere", "/tmp ok", () => ({ mounts: [{ type: "tmpfs", target: "/cache" }] })],
    ["/tmp is a volume", "/tmp ok", () => ({ mounts: [volume("/tmp")] })],
    ["the one of its image is a volume", "/home/app ok", () => ({ image, mounts: [volume("/home")] })],
    ["the one of its user is a volume", "/home/node ok", () => ({ mounts: [volume("/home/node")] })],
    ["it is a mount that can only be read", "/tmp ok", () => ({ image, mounts: [volume("/home", false)] })],
    ["its spec says so", "/home/app EROFS", () => ({ image, env: { HOME: "/home/app" } })],
  ])("of a server with a read-only root when %s is %s", async (_when, home, more) => {
    expect(await homeOf(more())).toBe(home);
  });

  test("is no part of the spec", async () => {
    const spec = TestFleet.spec(tellsHome, { env: { A: "1" } });
    const record = await fleet.create(spec);
    expect(record.spec).toEqual(spec);
    await fleet.runtime.remove(record.id, {});
  });
});
