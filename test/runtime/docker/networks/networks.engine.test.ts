import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { Recorder } from "../../recorder.ts";
import { madeBefore } from "../containers/made-before.ts";
import { TestFleet } from "../test-fleet.ts";

let fleet: TestFleet;
beforeEach(() => {
  // Room for two servers.
  fleet = new TestFleet({ subnets: ["10.231.32.0/28"] });
});
afterEach(() => fleet[Symbol.asyncDispose]());

const bridge = { network: "bridge" } as const;
const addressOf = async (id: string) => {
  const { NetworkSettings } = await fleet.docker.getContainer(id).inspect();
  return Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? "";
};
const listening = `
  import { createServer } from "node:net";
  createServer((socket) => socket.end("reached")).listen(7777, () => console.log("up"));
  setInterval(() => {}, 1000);`;
/** Says of each address whether it was reached within a second. */
const reaching = (...addresses: string[]) => `
  import { connect } from "node:net";
  const outcomes = ${JSON.stringify(addresses)}.map((host) => new Promise((resolve) => {
    const socket = connect({ host, port: 7777, timeout: 1000 }, () => resolve("reached"));
    socket.on("timeout", () => resolve("silence")).on("error", (error) => resolve(error.code));
  }));
  console.log(JSON.stringify(await Promise.all(outcomes)));
  process.exit();`;

describe("A server with bridge", () => {
  it("has a network of its own, and does not reach another one's server", async () => {
    const a = await fleet.start(TestFleet.spec(listening, bridge), "a");
    await expect.poll(() => a.sink.out).toBe("up\n");
    const b = await fleet.start(TestFleet.spec(reaching(await addressOf(a.record.id), "127.0.0.1"), bridge), "b");
    await b.sink.ended;
    const [other, own] = JSON.parse(b.sink.out) as string[];
    expect(other).not.toBe("reached");
    expect(own).toBe("ECONNREFUSED");
    expect((await fleet.networks()).toSorted()).toEqual([`mcp-${fleet.fleet}.a`, `mcp-${fleet.fleet}.b`]);
    expect((await fleet.runtime.list({})).map(({ leaveAlone }) => leaveAlone)).toEqual([undefined, undefined]);
  });

  it("gives its network back when it is removed, and is refused when there is none left", async () => {
    const records = [
      await fleet.create(TestFleet.spec("echo.mjs", bridge), "a"),
      await fleet.create(TestFleet.spec("echo.mjs", bridge), "b"),
    ];
    await expect(fleet.create(TestFleet.spec("echo.mjs", bridge), "c")).rejects.toMatchObject({
      kind: "not_running",
      message: expect.stringContaining("MCPM_SUBNETS"),
      details: { reason: "START_REFUSED", delivery: "not_sent" },
    });
    await fleet.runtime.remove(records[0]?.id ?? "", {});
    expect(await fleet.networks()).toEqual([`mcp-${fleet.fleet}.b`]);
    await fleet.create(TestFleet.spec("echo.mjs", bridge), "c");
    expect(await fleet.networks()).toHaveLength(2);
  });

  it("starts again after somebody removed the network of a server that did not run", async () => {
    const { record, sink } = await fleet.start(TestFleet.spec("console.log('ran')", bridge), "a");
    await sink.ended;
    const network = fleet.docker.getNetwork(`mcp-${fleet.fleet}.a`);
    const removed = () => network.remove().then(() => "removed", String);
    await expect.poll(removed, { timeout: 20_000 }).toBe("removed");
    const again = new Recorder();
    await fleet.runtime.run(record.id, again, {});
    await again.ended;
    expect(again.out).toBe("ran\n");
  });

  it("takes no network of that name that is somebody else's", async () => {
    const network = await fleet.docker.createNetwork({ Name: `mcp-${fleet.fleet}.a`, Internal: true });
    await expect(fleet.create(TestFleet.spec("echo.mjs", bridge), "a")).rejects.toMatchObject({
      kind: "conflict",
      details: { reason: "NAME_TAKEN" },
    });
    await network.remove();
  });

  it("that an older manager put on the common bridge is taken over there", async () => {
    const spec: ServerSpec = TestFleet.spec("echo.mjs", bridge);
    const { docker } = fleet;
    await madeBefore({ docker, fleet: fleet.fleet, server: "a", spec });
    const [record] = await fleet.runtime.list({});
    expect(record).toMatchObject({ server: "a", usability: { kind: "usable" } });
    expect(record?.leaveAlone).toBeUndefined();
  });
});

describe("What a manager that was killed left behind", () => {
  it("is swept: networks that no container names, and no others", async () => {
    const record = await fleet.create(TestFleet.spec("echo.mjs", bridge), "a");
    await fleet.create(TestFleet.spec("echo.mjs", bridge), "b");
    // Not by the runtime: as if it had died in between.
    await fleet.docker.getContainer(record.id).remove({ force: true, v: true });
    await using next = fleet.successor();
    await next.sweep({});
    expect(await fleet.networks()).toEqual([`mcp-${fleet.fleet}.b`]);
  });
});
