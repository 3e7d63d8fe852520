import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MountType, PullPolicy } from "../../gen/mcpmanager/v1/server_pb.ts";
import { clientKinds, openClient } from "./clients.ts";
import { randomName, TestManager } from "./test-manager.ts";

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start();
});
afterAll(() => manager[Symbol.asyncDispose]());

const spec = {
  image: "mcp/filesystem:latest",
  pullPolicy: PullPolicy.NEVER,
  args: ["/scratch"],
  mounts: [{ type: MountType.TMPFS, target: "/scratch" }],
};

describe.each(clientKinds)("The filesystem server through %s", (kind) => {
  it("answers every RPC", async () => {
    using client = openClient(kind, manager.url);
    const name = randomName();

    const info = await client.call("GetInfo", {});
    expect(info).toMatchObject({ runtime: "docker", fleet: manager.engine.fleet });

    const { server } = (await client.call("Start", { name, spec })) as { server: { name: string; state: number } };
    expect(server).toMatchObject({ name, state: 4 });

    const { servers } = (await client.call("List", { pageSize: 1000 })) as { servers: { name: string }[] };
    expect(servers.map((listed) => listed.name)).toContain(name);
    expect(await client.call("Get", { name })).toMatchObject({ server: { name, runtime: "docker" } });

    const { tools } = (await client.call("ListTools", { server: name })) as { tools: { name: string }[] };
    expect(tools.map((tool) => tool.name)).toContain("list_directory");

    // As JSON text: grpc-js sends an empty Struct for a plain object.
    const json = (value: object) =>
      kind.startsWith("gRPC (grpc-js)")
        ? { argumentsJson: JSON.stringify(value) }
        : { input: { case: "argumentsJson", value: JSON.stringify(value) } };
    const written = await client.call("CallTool", {
      server: name,
      tool: "write_file",
      ...json({ path: "/scratch/a.txt", content: "grüße 🌍" }),
    });
    expect(written).toMatchObject({ isError: false });
    const read = await client.call("CallTool", {
      server: name,
      tool: "read_text_file",
      ...json({ path: "/scratch/a.txt" }),
      resultFormat: 2,
    });
    expect(JSON.parse(read.resultJson as string).content).toEqual([{ type: "text", text: "grüße 🌍" }]);

    const events = await client.stream("Logs", { server: name });
    expect(JSON.stringify(events, (_key, value) => (typeof value === "bigint" ? String(value) : value))).toContain(
      "Secure MCP Filesystem Server running on stdio",
    );

    expect(await client.call("Stop", { name })).toMatchObject({ found: true });
    expect(await client.call("Stop", { name })).toMatchObject({ found: false });
  });
});
