// What servers have besides tools, with real ones of both eras: the reference server `everything`, and one on the SDK v2.
import { Code } from "@connectrpc/connect";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogLevel, LogSource } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { PullPolicy } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { clientKinds, oneof, openClient } from "../clients.ts";
import { errorInfo, failureOf, randomName, TestManager } from "../test-manager.ts";
import { dockerRun } from "./oracle/sdk-clients.ts";
import { untypedPrompt, untypedResource, untypedTemplate } from "./oracle/untyped.ts";

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start();
});
afterAll(() => manager[Symbol.asyncDispose]());

/** A server, and what it is known to have. */
const partners = {
  "everything, legacy": {
    spec: { image: "mcp/everything:latest", pullPolicy: PullPolicy.NEVER },
    resource: "demo://resource/static/document/architecture.md",
    template: "demo://resource/dynamic/text/{resourceId}",
    read: { uri: "demo://resource/dynamic/blob/7", mimeType: "text/plain", case: "blob" },
    prompt: "args-prompt",
    argument: { city: "Paris" },
    text: "What's weather in Paris?",
    completion: { prompt: "completable-prompt", argumentName: "name", contextArguments: { department: "Sales" } },
    values: ["David", "Eve", "Frank"],
    touch: { tool: "toggle-subscriber-updates", argumentsJson: "{}" },
  },
  "sdk-v2, modern": {
    spec: { image: testImage, args: ["sdk-v2.mjs", "--modern-only"], pullPolicy: PullPolicy.NEVER },
    resource: "note://one",
    template: "numbered://{number}",
    read: { uri: "note://bytes", mimeType: "", case: "blob" },
    prompt: "greet",
    argument: { name: "Ada" },
    text: "Greet Ada, calm.",
    completion: { prompt: "greet", argumentName: "name", contextArguments: { mood: "loud" } },
    values: ["Bob", "Ben"],
    touch: { tool: "touch", argumentsJson: '{"uri":"note://one"}' },
  },
};
const names = Object.keys(partners) as (keyof typeof partners)[];

async function started(name: keyof typeof partners): Promise<string> {
  const server = randomName();
  await manager.client.start({ name: server, spec: partners[name].spec });
  return server;
}

describe.each(names)("The server %s", (name) => {
  const partner = partners[name];
  let server: string;
  beforeAll(async () => {
    server = await started(name);
  });

  it.each(clientKinds)("offers its resources through %s", async (kind) => {
    using client = openClient(kind, manager.url);
    const { resources } = await client.call("ListResources", { server });
    expect((resources as { uri: string }[]).map(({ uri }) => uri)).toContain(partner.resource);
    const { resourceTemplates } = await client.call("ListResourceTemplates", { server });
    const templates = (resourceTemplates as { uriTemplate: string }[]).map(({ uriTemplate }) => uriTemplate);
    expect(templates).toContain(partner.template);
    const { uri, mimeType } = partner.read;
    const read = await client.call("ReadResource", { server, uri });
    expect(read).toMatchObject({ resultKind: 1, contents: [{ uri, mimeType }] });
    const { resultJson } = await client.call("ReadResource", { server, uri, resultFormat: ResultFormat.JSON });
    expect(JSON.parse(resultJson as string).contents).toMatchObject([{ uri, blob: expect.any(String) }]);
  });

  it.each(clientKinds)("tells of a resource's changes through %s", async (kind) => {
    using client = openClient(kind, manager.url);
    const { tool, argumentsJson } = partner.touch;
    const touch = () =>
      manager.client.callTool({ server, tool, input: { case: "argumentsJson", value: argumentsJson } });
    const seen: unknown[] = [];
    for await (const response of client.events("SubscribeResource", { server, uri: partner.resource })) {
      const { event } = response as { event: string | { case: string } };
      const happened = typeof event === "string" ? event : event.case;
      if (happened === "heartbeat") continue;
      seen.push(happened);
      if (happened === "updated") break;
      await touch();
    }
    expect(seen).toEqual(["subscribed", "updated"]);
    // What `everything` has begun to tell, it goes on with every five seconds.
    if (tool.startsWith("toggle")) await touch();
  });

  it.each(clientKinds)("offers its prompts through %s", async (kind) => {
    using client = openClient(kind, manager.url);
    const { prompts } = await client.call("ListPrompts", { server });
    expect(prompts).toContainEqual(expect.objectContaining({ name: partner.prompt }));
    const filled = await client.call("GetPrompt", { server, prompt: partner.prompt, arguments: partner.argument });
    expect(filled).toMatchObject({
      resultKind: 1,
      messages: [{ role: "user" }, ...(name.startsWith("sdk") ? [{}] : [])],
    });
    expect(JSON.stringify(filled, (_key, value) => (typeof value === "bigint" ? 0 : value))).toContain(partner.text);
    const { prompt, ...argument } = partner.completion;
    const completed = await client.call("Complete", { server, ...oneof(kind, "ref", { prompt }), ...argument });
    expect(completed).toMatchObject({ values: partner.values, hasMore: false });
  });

  it.each(clientKinds)("takes a log level through %s", async (kind) => {
    using client = openClient(kind, manager.url);
    expect(await client.call("SetLogLevel", { server, level: LogLevel.WARNING })).toBeDefined();
  });

  it("offers the same by REST", async () => {
    // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse gives it.
    type Received = Promise<any>;
    const get = async (path: string): Received => (await fetch(`${manager.url}/servers/${server}/${path}`)).json();
    const post = async (path: string, body: object): Received => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      return (await fetch(`${manager.url}/servers/${server}/${path}`, init)).json();
    };
    expect((await get("resources")).resources).toContainEqual(expect.objectContaining({ uri: partner.resource }));
    const { resourceTemplates } = await get("resource-templates");
    expect(resourceTemplates).toContainEqual(expect.objectContaining({ uriTemplate: partner.template }));
    const { uri } = partner.read;
    expect(await post("resources/read", { uri })).toMatchObject({ contents: [{ uri, blob: expect.any(String) }] });
    expect((await get("prompts")).prompts).toContainEqual(expect.objectContaining({ name: partner.prompt }));
    const filled = await post("prompts/get", { prompt: partner.prompt, arguments: partner.argument });
    expect(filled.messages[0].content.text.text).toBe(partner.text);
    expect(await post("complete", partner.completion)).toMatchObject({ values: partner.values });
    expect(await post("log-level", { level: "LOG_LEVEL_ERROR" })).toEqual({});
    expect(await post("resources/read", { uri: "no://such" })).toMatchObject({
      code: Code.NotFound,
      details: [{ reason: "RESOURCE_NOT_FOUND" }],
    });
  });

  it("gives what it gives the SDK's own client", async () => {
    const { client } = manager;
    const pin = { versionNegotiation: { mode: { pin: "2026-07-28" } } };
    const sdk = new Client({ name: "oracle", version: "0" }, name.startsWith("sdk") ? pin : {});
    await sdk.connect(new StdioClientTransport({ ...dockerRun(partner.spec), stderr: "ignore" }));
    await using _ = { [Symbol.asyncDispose]: () => sdk.close() };

    const { resources } = await client.listResources({ server });
    expect(resources.map(untypedResource)).toEqual((await sdk.listResources()).resources);
    const { resourceTemplates } = await client.listResourceTemplates({ server });
    expect(resourceTemplates.map(untypedTemplate)).toEqual((await sdk.listResourceTemplates()).resourceTemplates);
    const { prompts } = await client.listPrompts({ server });
    expect(prompts.map(untypedPrompt)).toEqual((await sdk.listPrompts()).prompts);

    const resultFormat = ResultFormat.JSON;
    // The SDK's client takes off what its era has besides the result.
    const withoutKind = ({ resultJson }: { resultJson: string }) => {
      const { resultType: _kind, ...result } = JSON.parse(resultJson);
      return result;
    };
    const uri = partner.resource;
    expect(withoutKind(await client.readResource({ server, uri, resultFormat }))).toEqual(
      await sdk.readResource({ uri }),
    );
    const { prompt, argument } = partner;
    const filled = await client.getPrompt({ server, prompt, arguments: argument, resultFormat });
    expect(withoutKind(filled)).toEqual(await sdk.getPrompt({ name: prompt, arguments: argument }));
  });

  it("subscribes by REST, one event a line", async () => {
    const left = new AbortController();
    const response = await fetch(`${manager.url}/servers/${server}/resources/subscribe`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri: partner.resource }),
      signal: left.signal,
    });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(JSON.parse(Buffer.from(value ?? []).toString())).toMatchObject({ subscribed: {} });
    left.abort();
  });

  it("says what is missing", async () => {
    const { client } = manager;
    const unknown = errorInfo(await failureOf(client.readResource({ server, uri: "no://such/resource" })));
    expect(unknown).toMatchObject({ code: Code.NotFound, reason: "RESOURCE_NOT_FOUND", delivery: "answered", server });
    const noPrompt = errorInfo(await failureOf(client.getPrompt({ server, prompt: "no-such-prompt" })));
    expect(noPrompt).toMatchObject({ code: Code.NotFound, reason: "PROMPT_NOT_FOUND", delivery: "answered" });
    const noArgument = errorInfo(await failureOf(client.getPrompt({ server, prompt: partner.prompt })));
    expect(noArgument).toMatchObject({
      code: Code.InvalidArgument,
      reason: "SERVER_REFUSED_PARAMS",
      rpc_code: "-32602",
    });
    const ref = { case: "resourceTemplate", value: "no://{such}" } as const;
    const noTemplate = errorInfo(await failureOf(client.complete({ server, ref, argumentName: "such" })));
    expect(noTemplate).toMatchObject({ code: Code.NotFound, reason: "RESOURCE_NOT_FOUND" });
  });

  it("is asked again for its lists over a restart", async () => {
    const { client } = manager;
    const uris = async () => (await client.listResources({ server })).resources.map(({ uri }) => uri);
    const before = await uris();
    await client.restart({ name: server });
    expect(await uris()).toEqual(before);
  });
});

describe("What comes and goes at a server of the modern era", () => {
  it("is in the listings and gone from them, as the server says", async () => {
    const server = await started("sdk-v2, modern");
    const { client } = manager;
    const listed = async () => [
      (await client.listResources({ server })).resources.some(({ name }) => name === "extra"),
      (await client.listPrompts({ server })).prompts.some(({ name }) => name === "extra"),
    ];
    expect(await listed()).toEqual([false, false]);
    for (const there of [true, false]) {
      await client.callTool({ server, tool: "toggle" });
      await expect.poll(listed).toEqual([there, there]);
    }
  });
});

describe("The log level of a server", () => {
  it("decides what a server of the modern era logs, over a restart, too", async () => {
    const server = await started("sdk-v2, modern");
    const { client } = manager;
    const logged = async () => {
      const lines: string[] = [];
      for await (const { event } of client.logs({ server, sources: [LogSource.MCP] })) {
        if (event.case === "line") lines.push(`${event.value.level}: ${event.value.text}`);
      }
      return lines;
    };
    const expected: string[] = [];
    const logAt = async (level: LogLevel | undefined, ...lines: string[]) => {
      if (level !== undefined) await client.setLogLevel({ server, level });
      await client.callTool({ server, tool: "log" });
      expected.push(...lines);
      await expect.poll(logged).toEqual(expected);
    };
    await logAt(undefined, "warning: careful");
    await logAt(LogLevel.DEBUG, "debug: a detail", "warning: careful");
    await client.restart({ name: server });
    await logAt(undefined, "debug: a detail", "warning: careful");
    await logAt(LogLevel.ERROR);
    await logAt(LogLevel.WARNING, "warning: careful");
  });

  it("is told to a server of the legacy era, and to it again after a restart", async () => {
    const server = await started("everything, legacy");
    const { client } = manager;
    const subscribeLogs = async () => {
      // The server logs each subscription at INFO.
      const uri = "demo://resource/static/document/architecture.md";
      for await (const { event } of client.subscribeResource({ server, uri })) if (event.case === "subscribed") break;
      const events = await Array.fromAsync(client.logs({ server, sources: [LogSource.MCP] }));
      return events.filter(({ event }) => event.case === "line" && event.value.text.includes("Subscribe")).length;
    };
    expect(await subscribeLogs()).toBe(1);
    await client.setLogLevel({ server, level: LogLevel.ERROR });
    expect(await subscribeLogs()).toBe(1);
    await client.restart({ name: server });
    expect(await subscribeLogs()).toBe(1);
  });
});
