import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

  test.each([
    [{}, "through docker-init"],
    [{ init: false }, "without it"],
  ])("is what a Stop sends, %j", async (more) => {
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

