import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Era, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { serversFolder } from "../../runtime/process/test-processes.ts";
import { errorInfo, failureOf, hostileProcessSpec, type ManagerClient, TestManager, textOf } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
let folder: string;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  client = manager.client;
  folder = await mkdtemp(join(tmpdir(), "known-eras-"));
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const modernSpec = (...args: string[]) => ({ ...hostileProcessSpec(), args: ["modern.mjs", ...args] });

/** A server that writes down that it starts, before it is what this module is. */
function counted(name: string, file: string, ...args: string[]) {
  const starts = join(folder, name);
  const code = `require("node:fs").appendFileSync(${JSON.stringify(starts)}, "x"); import(${JSON.stringify(join(serversFolder, file))})`;
  const spec = { ...hostileProcessSpec(), args: ["-e", code, "--", file, ...args] };
  return { spec, starts: async () => (await readFile(starts, "utf8")).length };
}

const echo = async (server: string) =>
  textOf(await client.callTool({ server, tool: "echo", input: { case: "arguments", value: { text: "hi" } } }));

describe.concurrent("A server that speaks both eras and is slow to start", () => {
  it("is of the modern era, at its first start and at each that follows", async () => {
    const { spec, starts } = counted("slow", "modern.mjs", "--takes-initialize", "--boot-ms", "3500");
    for (const count of [2, 3]) {
      const { server } = await client.start({ name: "slow", spec });
      expect(server).toMatchObject({ state: ServerState.READY, restartCount: 0n, mcp: { era: Era.MODERN } });
      expect(await echo("slow")).toBe("hi");
      // The first was asked to initialize, too: it was started once more.
      expect(await starts()).toBe(count);
      await client.stop({ name: "slow" });
    }
  });
});

describe.concurrent("A server whose entrypoint eats the first line of its input", () => {
  it.each([
    ["legacy", hostileProcessSpec("--eat-lines", "1"), Era.LEGACY],
    ["silent", hostileProcessSpec("--eat-lines", "1", "--silent-on-probe"), Era.LEGACY],
    ["modern", modernSpec("--eat-lines", "1"), Era.MODERN],
    ["both", modernSpec("--eat-lines", "1", "--takes-initialize"), Era.MODERN],
  ])("starts each time, in the same era: %s", async (name, spec, era) => {
    for (let start = 1; start <= 3; start += 1) {
      const { server } = await client.start({ name: `eats-${name}`, spec });
      expect(server?.mcp?.era).toBe(era);
      expect(await echo(`eats-${name}`)).toBe("hi");
      await client.stop({ name: `eats-${name}` });
    }
  });
});

describe("A server that complains about the question for its era", () => {
  it("is asked once, and its log says that this is no fault", async () => {
    const spec = hostileProcessSpec("--complain-on-probe");
    const log = async () => {
      const events = await Array.fromAsync(client.logs({ server: "complains" }));
      return events.map(({ event }) => JSON.stringify(event.value));
    };
    await client.start({ name: "complains", spec });
    expect((await log()).filter((line) => line.includes("validation errors"))).toHaveLength(1);
    expect((await log()).filter((line) => line.includes("which is no fault"))).toHaveLength(1);
    await client.restart({ name: "complains" });
    expect((await log()).filter((line) => line.includes("validation errors"))).toHaveLength(1);
    await client.stop({ name: "complains" });
  });
});

describe("A server that can't start", () => {
  it("is started once when it says why", async () => {
    const { spec, starts } = counted("why", "hostile.mjs", "--exit", "7");
    const failure = await failureOf(client.start({ name: "why", spec }));
    expect(errorInfo(failure)).toMatchObject({ exit_code: "7", stderr_tail: expect.stringContaining("no license") });
    expect(await starts()).toBe(1);
  });

  it("is tried in both ways when the first question may be why, and in one when it is known to answer that", async () => {
    const { spec, starts } = counted("dies", "hostile.mjs", "--exit-on-probe");
    await client.start({ name: "dies", spec });
    expect(await starts()).toBe(2);
    await client.stop({ name: "dies" });
    await client.start({ name: "dies", spec });
    expect(await starts()).toBe(3);
  });
});
