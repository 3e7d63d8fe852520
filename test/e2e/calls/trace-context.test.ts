import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { restPath, StreamStage } from "../streams/stream-stage.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let stage: StreamStage;
beforeAll(async () => {
  stage = await StreamStage.open();
});
afterAll(() => stage[Symbol.asyncDispose]());

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

describe("The trace of a call", () => {
  const trace = { traceparent, tracestate: "a=b,c=d", baggage: "user=ada,plan=free;ttl=1" };

  async function metaOf(server: string, id: string): Promise<unknown> {
    const messages = await stage.received(server);
    const { params } = messages.find(({ params }) => params?._meta?.id === id) ?? {};
    const { id: _id, progressToken: _token, ...meta } = params?._meta ?? {};
    return meta;
  }

  it("goes from the headers of every protocol into the request's _meta, for both RPCs", async () => {
    const server = await stage.started();
    const clients = {
      grpc: stage.client,
      web: createClient(ManagerService, createGrpcWebTransport({ baseUrl: stage.manager.url, httpVersion: "1.1" })),
      connect: createClient(
        ManagerService,
        createConnectTransport({ baseUrl: stage.manager.url, httpVersion: "1.1", useBinaryFormat: false }),
      ),
    };
    for (const [name, by] of Object.entries(clients)) {
      const request = (id: string) => ({ server, tool: "echo", metaJson: JSON.stringify({ id }) });
      await by.callTool(request(`${name} 1`), { headers: trace });
      await Array.fromAsync(by.callToolStream(request(`${name} 2`), { headers: trace }));
      expect(await metaOf(server, `${name} 1`)).toEqual(trace);
      expect(await metaOf(server, `${name} 2`)).toEqual(trace);
    }
    for (const target of [`/servers/${server}/call`, restPath(server)]) {
      const body = JSON.stringify({ tool: "echo", metaJson: JSON.stringify({ id: target }) });
      const headers = { "content-type": "application/json", ...trace };
      await (await fetch(`${stage.manager.url}${target}`, { method: "POST", headers, body })).text();
      expect(await metaOf(server, target)).toEqual(trace);
    }
  });

  it.each(["hostile.mjs", "modern.mjs"])("is told to the server with all that is asked of %s", async (server) => {
    const name = await stage.started({ args: [server, "--offers"] });
    const { client } = stage;
    const options = { headers: trace };
    const ref = { case: "prompt" as const, value: "greet" };
    await client.readResource({ server: name, uri: "mem://note" }, options);
    await client.getPrompt({ server: name, prompt: "greet", arguments: { name: "Ada" } }, options);
    await client.complete({ server: name, ref, argumentName: "name" }, options);
    for (const list of ["listTools", "listResources", "listResourceTemplates", "listPrompts"] as const) {
      await client[list]({ server: name }, options);
    }
    const told = (await stage.received(name)).map(({ method, params }) => {
      const { traceparent, tracestate, baggage } = params?._meta ?? {};
      return [method, { traceparent, tracestate, baggage }] as const;
    });
    // A server that heeded one caller's baggage would have all callers see what it lists for that one.
    const withoutBaggage = { ...trace, baggage: undefined };
    expect(Object.fromEntries(told)).toMatchObject({
      "resources/read": trace,
      "prompts/get": trace,
      "completion/complete": trace,
      "tools/list": withoutBaggage,
      "resources/list": withoutBaggage,
      "resources/templates/list": withoutBaggage,
      "prompts/list": withoutBaggage,
    });
  });

  it("is what the caller's own _meta says, if it says it; what is malformed is left out", async () => {
    const server = await stage.started();
    const own = { traceparent: "mine", baggage: "mine=1" };
    await stage.client.callTool(
      { server, tool: "echo", metaJson: JSON.stringify({ id: "own", ...own }) },
      { headers: trace },
    );
    expect(await metaOf(server, "own")).toEqual(own);
    const bad = { traceparent: `${traceparent}"}`, tracestate: "a=b", baggage: 'a="}\\u0000' };
    await stage.client.callTool({ server, tool: "echo", metaJson: '{"id":"bad"}' }, { headers: bad });
    expect(await metaOf(server, "bad")).toEqual({});
  });
});
