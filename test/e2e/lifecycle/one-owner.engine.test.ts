import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { ManagerProcess } from "../manager-process.ts";
import { failureOf, hostileSpec, type ManagerClient, textOf } from "../test-manager.ts";

let engine: TestFleet;
let managers: AsyncDisposableStack;
beforeEach(() => {
  engine = new TestFleet();
  managers = new AsyncDisposableStack();
});
afterEach(async () => {
  await managers[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

const boot = async () => managers.use(await ManagerProcess.start(engine.fleet));
const call = (client: ManagerClient, tool: string, value = {}) =>
  client.callTool({ server: "a", tool, input: { case: "arguments", value } });
const echo = async (client: ManagerClient, text: string) => textOf(await call(client, "echo", { text }));

/** How often managers spoke first to the server: each that attached did once, by a ping if it knew the conversation. */
async function handshakes(client: ManagerClient): Promise<number> {
  const { structured } = await call(client, "received");
  return JSON.stringify(structured.value).match(/"(?:initialize|ping)"/g)?.length ?? 0;
}

describe("A second manager on a fleet", () => {
  it("ends with a sentence that names the first, whose calls feel nothing", async () => {
    const { client } = await boot();
    await client.start({ name: "a", spec: hostileSpec() });
    const long = call(client, "sleep", { ms: 3_000, text: "undisturbed" });
    const seconds = Promise.all([1, 2, 3].map(() => failureOf(boot())));
    let ended = false;
    void seconds.then(() => (ended = true));
    for (let count = 0; !ended; count += 1) expect(await echo(client, String(count))).toBe(String(count));
    for (const { message } of await seconds) {
      expect(message).toMatch(/the fleet t-\w+ is held by the manager on host \S+ \(pid \d+, since [-\d]+T[\d:.]+Z\)/);
      expect(message).toContain("stop that one, or choose another MCPM_FLEET");
    }
    expect(textOf(await long)).toBe("undisturbed");
    expect(await handshakes(client)).toBe(1);
    expect(await engine.volumes()).toEqual([`mcpm-owner.${engine.fleet}.1`]);
  });

  it("takes it over at once from one that was killed by -9", async () => {
    const first = await boot();
    await first.client.start({ name: "a", spec: hostileSpec() });
    void first.kill("SIGKILL");
    const second = await boot();
    expect(await echo(second.client, "taken over")).toBe("taken over");
    expect(await engine.volumes()).toEqual([`mcpm-owner.${engine.fleet}.2`]);
  });
});

describe("A manager that was stopped by SIGSTOP, and is continued", () => {
  it("when another has its fleet ends with an error and touches no container", async () => {
    const first = await boot();
    const { server } = await first.client.start({ name: "a", spec: hostileSpec() });
    first.signal("SIGSTOP");
    const second = await boot();
    expect(await echo(second.client, "taken over")).toBe("taken over");
    // It comes to the first one as soon as that goes on.
    const late = failureOf(first.client.stop({ name: "a" }));
    first.signal("SIGCONT");
    expect(await first.exited).toBe(1);
    await late;
    expect(first.said).toMatch(/lost the fleet t-\w+ to the manager on host \S+ \(pid \d+/);
    expect(await echo(second.client, "still there")).toBe("still there");
    expect(await handshakes(second.client)).toBe(2);
    expect((await engine.runtime.list({})).map(({ id }) => id)).toEqual([server?.instances[0]?.containerId]);
  });

  it("when another had its fleet meanwhile ends with an error, too", async () => {
    const first = await boot();
    first.signal("SIGSTOP");
    const second = await boot();
    expect(await second.kill("SIGTERM")).toBe(0);
    first.signal("SIGCONT");
    expect(await first.exited).toBe(1);
    expect(await engine.volumes()).toEqual([]);
  });
});
