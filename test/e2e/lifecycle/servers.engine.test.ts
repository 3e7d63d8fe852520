import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MountType, PullPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { randomName, TestManager, textOf } from "../test-manager.ts";

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start();
});
afterAll(() => manager[Symbol.asyncDispose]());

const spec = (image: string) => ({ image: `mcp/${image}:latest`, pullPolicy: PullPolicy.NEVER });

async function callTool(server: string, tool: string, args: object = {}) {
  const input = { case: "argumentsJson", value: JSON.stringify(args) } as const;
  const result = await manager.client.callTool({ server, tool, input });
  expect(result.isError).toBe(false);
  return result;
}

describe("servers/everything", () => {
  it("starts in the default sandbox and answers a call", async () => {
    const name = randomName();
    const { server } = await manager.client.start({ name, spec: spec("everything") });
    expect(server?.mcp?.serverName).toBe("mcp-servers/everything");
    expect(textOf(await callTool(name, "echo", { message: "grüße" }))).toBe("Echo: grüße");
    await manager.client.stop({ name });
  });
});

describe("servers/memory", () => {
  const graph = { entities: [{ name: "Ada", entityType: "person", observations: ["wrote the first program"] }] };
  const remembered = async (name: string) => textOf(await callTool(name, "read_graph"));

  it("remembers on a named volume, across Stop and Start and in another server", async () => {
    const source = `mcpm-test-${randomName()}`;
    const mounts = [{ type: MountType.VOLUME, source, target: "/data", writable: true }];
    await using _ = { [Symbol.asyncDispose]: () => manager.engine.docker.getVolume(source).remove() };
    const name = randomName();
    await manager.client.start({ name, spec: { ...spec("memory"), mounts } });
    await callTool(name, "create_entities", graph);
    await manager.client.stop({ name });
    const other = randomName();
    await manager.client.start({ name: other, spec: { ...spec("memory"), mounts } });
    expect(await remembered(other)).toContain("wrote the first program");
    await manager.client.stop({ name: other });
  });

  it("remembers without a named volume when it is started again in its container, until it is stopped", async () => {
    const name = randomName();
    const { server } = await manager.client.start({ name, spec: spec("memory") });
    await callTool(name, "create_entities", graph);
    const id = server?.instances[0]?.containerId ?? "";
    await manager.engine.docker.getContainer(id).kill();
    await expect.poll(async () => (await manager.client.get({ name })).server?.lastError?.exitCode).toBe(137);
    const again = await manager.client.start({ name });
    expect(again.server?.instances[0]?.containerId).toBe(id);
    expect(await remembered(name)).toContain("wrote the first program");
    await manager.client.stop({ name });
    await manager.client.start({ name, spec: spec("memory") });
    expect(await remembered(name)).not.toContain("Ada");
    await manager.client.stop({ name });
  });
});
