import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { errorInfo, failureOf, hostileProcessSpec, randomName, TestManager } from "../test-manager.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
});
afterAll(() => manager[Symbol.asyncDispose]());

async function started(...args: string[]): Promise<string> {
  const name = randomName();
  await manager.client.start({ name, spec: hostileProcessSpec(...args) });
  return name;
}

async function lifecycleOf(server: string): Promise<string[]> {
  const messages: string[] = [];
  for await (const { event } of manager.client.logs({ server })) {
    if (event.case === "lifecycle") messages.push(event.value.message);
  }
  return messages;
}

describe("A listing that its server does not end", () => {
  it("is given as far as it goes, and says why on every page and in Logs", async () => {
    const server = await started("--endless-pages");
    const { tools, incomplete, nextPageToken } = await manager.client.listTools({ server });
    expect(tools.map(({ name }) => name)).toEqual(["echo"]);
    expect(incomplete).toContain("comes again");
    expect(nextPageToken).toBe("");
    expect(await lifecycleOf(server)).toContain(incomplete);
    const rest = await fetch(`${manager.url}/servers/${server}/tools`);
    expect(await rest.json()).toMatchObject({ incomplete });
  });

  it("is given up to the limit of the manager, which says so on the page behind it", async () => {
    const server = await started("--pages", "300");
    const sizes: number[] = [];
    let pageToken = "";
    const next = async () => {
      const page = await manager.client.listTools({ server, pageSize: 20, pageToken });
      sizes.push(page.tools.length);
      expect(page.incomplete).toBe("");
      pageToken = page.nextPageToken;
    };
    await next();
    await next();
    expect(sizes[0]).toBe(20);
    expect(sizes[1]).toBeLessThan(20);
    const failure = await failureOf(next());
    expect(errorInfo(failure)).toMatchObject({
      code: Code.ResourceExhausted,
      reason: "LISTING_TOO_LARGE",
      delivery: "answered",
      server,
    });
  });
});
