import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Engine } from "../../src/runtime/docker/engine/engine.ts";
import { readFile } from "../../src/runtime/docker/files/container-files.ts";
import { CommittedImage } from "../runtime/docker/committed-image.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { OpenFleet } from "./open-fleet.ts";

let open: OpenFleet;
let image: CommittedImage;
beforeEach(async () => {
  open = new OpenFleet();
  await open.boot();
  const program = 'mkdirSync("/keep"); chownSync("/keep", 1000, 1000);';
  image = await CommittedImage.make(open.engine.docker, {
    program,
    stopSignal: "SIGINT",
    changes: ["USER 1000:1000", "VOLUME /keep"],
  });
});
afterEach(async () => {
  await open[Symbol.asyncDispose]();
  await image[Symbol.asyncDispose]();
});

/** Notes in the image's VOLUME when it was started, and by which signal it was stopped. */
const saving = `
  import { appendFileSync } from "node:fs";
  appendFileSync("/keep/log", "started ");
  for (const signal of ["SIGINT", "SIGTERM"])
    process.on(signal, () => { appendFileSync("/keep/log", signal + " "); process.exit(0); });
  process.argv = ["node", "/srv/hostile.mjs"];
  await import("/srv/hostile.mjs");`;
const timeout = 20_000;

describe("A server whose image has a STOPSIGNAL and a VOLUME", () => {
  it("is stopped by that signal and keeps its data, over Restart, idle stops and managers", async () => {
    const spec = TestFleet.spec(saving, { image: image.name, idleTimeoutMs: 1500 });
    await open.fleet.start("s", { spec });
    const { id } = open.containerOf("s");
    const engine = new Engine({ dockerHost: open.engine.dockerHost });
    const noted = () => readFile(id, "/keep/log", { engine });
    await open.fleet.restart("s", { graceMs: 20_000, signal: undefined });
    await expect.poll(() => open.fleet.get("s").state, { timeout }).toBe("idle");
    // It is IDLE as soon as it is told to stop.
    await expect.poll(noted, { timeout }).toBe("started SIGINT started SIGINT ");
    await open.boot();
    await open.fleet.start("s", {});
    expect(open.containerOf("s").id).toBe(id);
    await expect.poll(noted, { timeout }).toBe("started SIGINT started SIGINT started ");
    await open.boot();
    expect(open.errors).toEqual([]);
    expect(open.containerOf("s").id).toBe(id);
    await open.fleet.stop("s", { graceMs: 20_000 });
    engine.close();
  });
});
