import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { TestFleet, testImage } from "../test-fleet.ts";

const { spec } = TestFleet;

describe("DockerRuntime.create, when a container has the server's name", () => {
  const fleet = new TestFleet();
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("waits for its end when the engine is removing it", async () => {
    // The engine gives the name free after the files, of which there are many.
    const program = `
      import { mkdirSync, writeFileSync } from "node:fs";
      mkdirSync("/many");
      for (let at = 0; at < 5_000; at += 1) writeFileSync("/many/" + at, "");
      console.log("written");
      process.stdin.resume();`;
    const { record, sink } = await fleet.start(spec(program, { readOnlyRoot: false, user: "0" }), "busy");
    await sink.until(({ out }) => out === "written\n");
    const removed = fleet.docker.getContainer(record.id).remove({ force: true });
    while ((await fleet.runtime.inspect(record.id, {})) !== undefined);
    const next = await fleet.create(spec("echo.mjs"), "busy");
    expect(next).toMatchObject({ server: "busy", state: "created" });
    await removed;
  });

  test("is a conflict at once when it stays, and names it", async () => {
    const name = `mcp-${fleet.fleet}.taken`;
    const stranger = await fleet.docker.createContainer({ name, Image: testImage });
    onTestFinished(() => stranger.remove());
    await expect(fleet.create(spec("echo.mjs"), "taken")).rejects.toMatchObject({
      kind: "conflict",
      message: `a container named ${name} exists already and does not belong to this server: remove or rename it`,
      details: { reason: "NAME_TAKEN", server: "taken", delivery: "not_sent" },
    });
  });
});
