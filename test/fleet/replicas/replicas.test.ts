import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log/log.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { ServerInstance } from "../../../src/fleet/instance/server-instance.ts";
import { StopClock } from "../../../src/fleet/instance/stop-clock.ts";
import { LogRing } from "../../../src/fleet/logs/log-ring.ts";
import { KnownPrograms } from "../../../src/fleet/programs/known-programs.ts";
import { noTextCache } from "../../../src/fleet/programs/text-cache.ts";
import { instancesOf, Replicas } from "../../../src/fleet/replicas/replicas.ts";
import { ExitWatch } from "../../../src/fleet/run/exit-watch.ts";
import type { FleetServices } from "../../../src/fleet/run/fleet-services.ts";
import type { ServerContext } from "../../../src/fleet/run/instance-context.ts";
import { noSecrets } from "../../../src/fleet/secrets/secrets.ts";
import { TestProcesses } from "../../runtime/process/test-processes.ts";

const clocks = { now: Date.now, elapsedMs: () => performance.now() };

/** A server whose one tool answers with this word. */
const responding = (word: string, more = {}) =>
  TestProcesses.spec(
    `import { createInterface } from "node:readline";
    for await (const line of createInterface({ input: process.stdin })) {
      const { id, method } = JSON.parse(line);
      const info = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } };
      const result = method === "initialize" ? info : { content: [{ type: "text", text: process.env.WORD }] };
      if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
    }`,
    { era: "legacy", env: { WORD: word }, ...more },
  );

let processes: TestProcesses;
let services: FleetServices;
let watch: AsyncDisposable;
beforeEach(() => {
  processes = new TestProcesses();
  const { runtime } = processes;
  const exits = new ExitWatch({ onBroken() {}, onResync() {}, onChanged() {}, onOutOfMemory() {} });
  watch = runtime.watch(exits);
  services = {
    runtime,
    log: silentLog,
    clocks,
    newId: randomUUID,
    clientInfo: { name: "test", version: "0" },
    limits: { maxLineBytes: 1 << 20, maxQueuedChars: 1 << 20 },
    programs: new KnownPrograms({ cache: noTextCache, now: Date.now, log: silentLog }),
    secrets: noSecrets,
    exits,
    onEngineSilent() {},
  };
});
afterEach(async () => {
  await watch[Symbol.asyncDispose]();
  await processes[Symbol.asyncDispose]();
});

const newServer = () => ({
  name: "s",
  ring: new LogRing({ maxBytes: 1 << 16, now: Date.now }),
  onChange() {},
  onPull() {},
});

const making = (server: ServerContext) => (made: { spec: ServerSpec }, replica: number) =>
  new ServerInstance({ services, server, ...made, replica });

/** What the server says of so many calls that are under way at the same time. */
async function words(replicas: Replicas, calls: number): Promise<string[]> {
  const permits = Array.from({ length: calls }, () => replicas.take());
  const said = await Promise.all(
    permits.map(async (permit) => {
      const result = await permit?.session.callTool({ tool: "word", argumentsJson: "{}" }, {});
      permit?.[Symbol.dispose]();
      return JSON.parse(result?.json ?? "{}").content?.[0]?.text;
    }),
  );
  return said.sort();
}

describe("Replicas", () => {
  it("are one server of the instances that they are given, whatever each is made by", async () => {
    const server = newServer();
    const [old] = instancesOf({ spec: responding("old") }, making(server));
    const [, next] = instancesOf({ spec: responding("next", { replicas: 2 }) }, making(server));
    if (old === undefined || next === undefined) throw new Error("a spec makes as many instances as it says");
    const both = new Replicas([old, next]);
    await both.start();
    expect(both.state).toBe("ready");
    expect(await words(both, 2)).toEqual(["next", "old"]);

    const left = new Replicas([next]);
    await old.stop(new StopClock({ graceMs: 5000, elapsedMs: clocks.elapsedMs }));
    expect(await words(left, 2)).toEqual(["next", "next"]);
    expect(left.ids).toEqual([next.id]);
  });

  it("are as many as their spec says, the first of them 0", () => {
    const instances = instancesOf({ spec: responding("a", { replicas: 3 }) }, making(newServer()));
    expect(instances.map(({ replica }) => replica)).toEqual([0, 1, 2]);
    expect(new Replicas(instances).state).toBe("creating");
  });
});
