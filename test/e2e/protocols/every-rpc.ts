import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { type ServerSpecSchema, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import type { RuntimeKind } from "../../../src/runtime/capabilities.ts";
import { type AnyClient, clientKinds, oneof, openClient } from "../clients.ts";
import { randomName, TestManager } from "../test-manager.ts";

export interface EveryRpcOptions {
  readonly runtime: RuntimeKind;
  /** Runs the filesystem server on `folder`, which it may write to. */
  readonly spec: MessageInitShape<typeof ServerSpecSchema>;
  readonly folder: string;
}

type Client = Omit<AnyClient, typeof Symbol.dispose>;

/** The RPCs about what servers have besides tools, with the rest of their requests. */
const beyondTools: Record<string, (kind: string) => object> = {
  ListResources: () => ({}),
  ListResourceTemplates: () => ({}),
  ReadResource: () => ({ uri: "file:///a" }),
  ListPrompts: () => ({}),
  GetPrompt: () => ({ prompt: "greet", arguments: { name: "Ada" } }),
  Complete: (kind) => ({ ...oneof(kind, "ref", { prompt: "greet" }), argumentName: "name", argumentValue: "A" }),
  SetLogLevel: () => ({ level: 4 }),
};

/** Every RPC from six clients, to a real MCP server. */
export function describeEveryRpc({ runtime, spec, folder }: EveryRpcOptions): void {
  let manager: TestManager;
  beforeAll(async () => {
    manager = await TestManager.start({ MCPM_RUNTIME: runtime });
  });
  afterAll(() => manager[Symbol.asyncDispose]());

  describe.each(clientKinds)(`The filesystem server on the runtime ${runtime} through %s`, (kind) => {
    it("answers every RPC", async () => {
      using opened = openClient(kind, manager.url);
      const rpcs = new Set<string>();
      const client = remembering(opened, rpcs);
      const name = randomName();

      const info = await client.call("GetInfo", {});
      expect(info).toMatchObject({ runtime, fleet: manager.fleet });

      const { server } = (await client.call("Start", { name, spec })) as { server: { name: string; state: number } };
      expect(server).toMatchObject({ name, state: 4 });

      const { servers } = (await client.call("List", { pageSize: 1000 })) as { servers: { name: string }[] };
      expect(servers.map((listed) => listed.name)).toContain(name);
      const mcp = { capabilitiesJson: expect.stringContaining('"tools"') };
      expect(await client.call("Get", { name })).toMatchObject({ server: { name, runtime, mcp } });

      expect(await client.call("ListSecrets", {})).toMatchObject({ secrets: [] });

      const { tools } = (await client.call("ListTools", { server: name })) as { tools: { name: string }[] };
      expect(tools.map((tool) => tool.name)).toContain("list_directory");
      expect(await toolsInPages(client, name, 5)).toEqual(tools);

      // As JSON text: grpc-js sends an empty Struct for a plain object.
      const json = (value: object) => oneof(kind, "input", { argumentsJson: JSON.stringify(value) });
      const written = await client.call("CallTool", {
        server: name,
        tool: "write_file",
        ...json({ path: `${folder}/a.txt`, content: "grüße 🌍" }),
      });
      expect(written).toMatchObject({ isError: false });
      const read = await client.call("CallTool", {
        server: name,
        tool: "read_text_file",
        ...json({ path: `${folder}/a.txt` }),
        resultFormat: 2,
      });
      expect(JSON.parse(read.resultJson as string).content).toEqual([{ type: "text", text: "grüße 🌍" }]);

      const called = await client.stream("CallToolStream", {
        server: name,
        tool: "read_text_file",
        ...json({ path: `${folder}/a.txt` }),
        resultFormat: 2,
      });
      expect(JSON.stringify(called.at(-1), withoutBigints)).toContain("grüße 🌍");

      const events = await client.stream("Logs", { server: name });
      expect(JSON.stringify(events, withoutBigints)).toContain("Secure MCP Filesystem Server running on stdio");

      // The filesystem server has tools alone, and says so itself.
      for (const [rpc, fields] of Object.entries(beyondTools)) {
        const call = client.call(rpc, { server: name, ...fields(kind) });
        await expect(call, rpc).rejects.toMatchObject({ code: Code.Unimplemented });
      }
      const subscribed = client.stream("SubscribeResource", { server: name, uri: "file:///a" });
      await expect(subscribed).rejects.toMatchObject({ code: Code.Unimplemented });

      const { CREATING, HANDSHAKING, READY } = ServerState;
      expect(await watchedOverRestart(client, name)).toEqual(["snapshot", CREATING, HANDSHAKING, READY]);

      expect(await client.call("Stop", { name })).toMatchObject({ found: true });
      expect(await client.call("Stop", { name })).toMatchObject({ found: false });
      expect([...rpcs].sort()).toEqual(ManagerService.methods.map((method) => method.name).sort());
    });
  });
}

/** The client, which adds the name of each RPC that is called to `rpcs`. */
function remembering(client: Client, rpcs: Set<string>): Client {
  const remember = (rpc: string) => {
    rpcs.add(rpc);
    return rpc;
  };
  return {
    call: (rpc, request) => client.call(remember(rpc), request),
    stream: (rpc, request) => client.stream(remember(rpc), request),
    events: (rpc, request) => client.events(remember(rpc), request),
  };
}

async function toolsInPages(client: Client, server: string, pageSize: number): Promise<unknown[]> {
  const tools: unknown[] = [];
  let pageToken = "";
  do {
    const page = await client.call("ListTools", { server, pageSize, pageToken });
    tools.push(...(page.tools as unknown[]));
    pageToken = page.nextPageToken as string;
  } while (pageToken !== "");
  return tools;
}

/** What Watch tells while this server is restarted: the kinds of its events, and of changes the server's states. */
async function watchedOverRestart(client: Client, name: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const response of client.events("Watch", {})) {
    // grpc-js has the oneof's member beside its name, Connect below it.
    const { event } = response as { event: string | { case: string; value: unknown } };
    const happened = typeof event === "string" ? event : event.case;
    if (happened === "snapshot") {
      seen.push(happened);
      expect(await client.call("Restart", { name })).toMatchObject({ server: { name, state: ServerState.READY } });
    } else if (happened === "change") {
      const { server } = (typeof event === "string" ? response.change : event.value) as { server: { state: number } };
      seen.push(server.state);
      if (server.state === ServerState.READY) break;
    }
  }
  return seen;
}

function withoutBigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
