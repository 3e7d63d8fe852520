import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consumed, differences } from "../e2e/protocols/oracle/differences.ts";
import { document, type Seen } from "./document.ts";
import { expectRight, expectWrong } from "./expected.ts";
import { PlainClient } from "./plain-client.ts";
import { RunningServer } from "./running-server.ts";
import { Stage } from "./stage.ts";
import { chosenServers, imageOf } from "./table/real-servers.ts";

// Servers that nobody here wrote, through the manager as users run it. MCPM_TEST_COMPAT chooses which: names, `all`, or
// without it those of `make test`.

let stage: Stage;
const seen: Seen[] = [];
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  const { MCPM_TEST_COMPAT_DOCUMENT: file } = process.env;
  if (file !== undefined) await writeFile(file, document(seen));
});

describe.each(chosenServers(process.env.MCPM_TEST_COMPAT))("$package", { timeout: 120_000 }, (server) => {
  const { right, wrong } = server;
  const last = right.at(-1) ?? right[0];
  let running: RunningServer;
  let firstMs: number;
  beforeAll(async () => {
    running = new RunningServer(stage, { server, place: await stage.place(server) });
  });
  afterAll(() => running?.[Symbol.asyncDispose]());

  it("starts, and has what it should have", async () => {
    firstMs = await running.start();
    expect(await running.has()).toEqual(server.has);
  });

  it.each(right)("answers $tool", async (call) => {
    expectRight(await running.call(call), call);
  });

  it(`fails as it should at a wrong ${wrong.tool}`, async () => {
    expectWrong(await running.call(wrong), wrong);
  });

  it.runIf(server.resource)("has what it should have in a resource", async () => {
    const { uri, text } = server.resource ?? {};
    const contents = [expect.objectContaining({ uri, text: expect.stringContaining(text ?? "") })];
    expect(await running.read(uri ?? "")).toMatchObject({ result: { contents } });
  });

  it("answers after a Restart", async () => {
    await running.restart();
    expectRight(await running.call(last), last);
  });

  // After the Restart: what the calls before it left in the server's memory, the other one never had.
  it("is to its callers what it is to the SDK's own client on its plain stdio", async () => {
    const place = await stage.place(server);
    await using plain = await PlainClient.open(place, server.era);
    const common = <T>(said: T) => withoutPeculiar(said, server.peculiar);
    expect(common(await running.tools())).toEqual(common(await plain.tools()));
    if (server.has.prompts !== "none") expect(await running.prompts()).toEqual(await plain.prompts());
    for (const call of [...right, wrong]) {
      const ours = common(consumed(await running.call(call), server.era));
      const theirs = common(await plain.call(call));
      const expected = call.difference === undefined ? ours : differences[call.difference].sdk(ours);
      expect(theirs, call.tool).toEqual(expected);
    }
    if (server.has.resources === "none") return;
    const uris = await running.resources();
    expect(await plain.resources()).toEqual(uris);
    for (const uri of uris) {
      expect(common(await plain.read(uri)), uri).toEqual(common(consumed(await running.read(uri), server.era)));
    }
  });

  it("comes back after `docker kill`", async () => {
    await running.kill();
    expectRight(await running.call(last), last);
  });

  it("leaves nothing behind at a Stop", async () => {
    await running.stop();
  });

  it("speaks the same era when it stands still while it starts and nothing is known of it, and again at the next Start", async () => {
    const unknown = { env: { ...server.spec?.env, COMPAT: "1" } };
    await running.startPaused(unknown);
    await running.stop();
    await running.start(unknown);
    await running.stop();
  });

  it("speaks the same era when it is started again, sleeps when nobody calls, and wakes by a call", async () => {
    const againMs = await running.start({ idleTimeout: "1s" });
    await expect.poll(() => running.isIdle()).toBe(true);
    expectRight(await running.call(last), last);
    await running.stop();
    const { Size: imageBytes } = await stage.fleet.docker.getImage(imageOf(server)).inspect();
    seen.push({ server, imageBytes, startMs: { first: firstMs, again: againMs } });
  });
});

/** What a server said, without what differs from container to container. */
function withoutPeculiar<T>(said: T, peculiar: string | undefined): T {
  if (peculiar === undefined) return said;
  return JSON.parse(JSON.stringify(said).replaceAll(new RegExp(peculiar, "g"), ""));
}
