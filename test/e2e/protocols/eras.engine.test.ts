import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Era, type Server, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat, ResultKind } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { stateHome } from "../../state-home.ts";
import {
  errorInfo,
  failureOf,
  hostileSpec,
  type ManagerClient,
  randomName,
  TestManager,
  textOf,
} from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
});
afterAll(() => manager[Symbol.asyncDispose]());

const modernSpec = (...args: string[]) => ({ ...hostileSpec(), image: testImage, args: ["modern.mjs", ...args] });

async function started(spec: ReturnType<typeof hostileSpec> & { era?: Era }): Promise<Server> {
  const { server } = await client.start({ name: randomName(), spec });
  if (server === undefined) throw new Error("Start gave no server");
  return server;
}

const echo = async (server: string, from = client) =>
  textOf(await from.callTool({ server, tool: "echo", input: { case: "arguments", value: { text: "hi" } } }));

async function labelsOf(server: Server | undefined, of = manager) {
  const { Config, Name } = await of.engine.docker.getContainer(server?.instances[0]?.containerId ?? "").inspect();
  return { era: Config.Labels["mcpm.era"], name: Name };
}

describe("A server of the modern era", () => {
  it("is found out, and answers calls", async () => {
    const server = await started(modernSpec());
    expect(server.mcp).toMatchObject({ era: Era.MODERN, protocolVersion: "2026-07-28", serverName: "modern" });
    expect(await echo(server.name)).toBe("hi");
  });

  it("asks its caller for input through CallTool, and gets the responses and its state back", async () => {
    const { name } = await started(modernSpec());
    const state = 'opaque "\\ é🙂';
    const clientCapabilitiesJson = '{"elicitation":{"form":{}}}';
    const call = { server: name, tool: "ask", clientCapabilitiesJson };
    const asked = await client.callTool({ ...call, input: { case: "arguments", value: { state } } });
    expect(asked).toMatchObject({ resultKind: ResultKind.INPUT_REQUIRED, requestState: state, isError: false });
    expect(JSON.parse(asked.inputRequestsJson)).toEqual({
      name: { method: "elicitation/create", params: { message: "Who are you?" } },
    });
    const responses = { name: { action: "accept", content: { n: 1 } } };
    const done = await client.callTool({
      ...call,
      resultFormat: ResultFormat.JSON,
      inputResponsesJson: JSON.stringify(responses),
      ...(asked.requestState === undefined ? {} : { requestState: asked.requestState }),
    });
    expect(done.resultKind).toBe(ResultKind.COMPLETE);
    expect(JSON.parse(done.resultJson).structuredContent).toEqual({ inputResponses: responses, requestState: state });
  });

  it("is not let ask a caller that did not say what it can do", async () => {
    const { name } = await started(modernSpec());
    const failure = await failureOf(client.callTool({ server: name, tool: "ask" }));
    expect(errorInfo(failure)).toMatchObject({ code: 9, reason: "INPUT_REQUIRED", delivery: "answered", server: name });
    const careful = { case: "arguments" as const, value: { careful: true } };
    const missing = await failureOf(client.callTool({ server: name, tool: "ask", input: careful }));
    expect(errorInfo(missing)).toMatchObject({
      code: 9,
      reason: "CLIENT_CAPABILITY_MISSING",
      rpc_data: '{"requiredCapabilities":{"elicitation":{}}}',
    });
  });

  it("goes on after the manager was gone", async () => {
    await using own = await TestManager.start();
    const { server } = await own.client.start({ name: "m", spec: modernSpec() });
    await own.shutDown();
    await own.boot();
    await own.app.adopted;
    const { server: after } = await own.client.get({ name: "m" });
    expect(after).toMatchObject({ state: ServerState.READY, mcp: { era: Era.MODERN } });
    expect(after?.instances[0]?.containerId).toBe(server?.instances[0]?.containerId);
    expect(await echo("m", own.client)).toBe("hi");
  });

  it("is refused when the spec says legacy, and the other way round, and leaves nothing", async () => {
    await using own = await TestManager.start();
    const legacy = await failureOf(own.client.start({ name: "a", spec: { ...modernSpec(), era: Era.LEGACY } }));
    expect(errorInfo(legacy)).toMatchObject({ code: 9, reason: "SERVER_REFUSED_PARAMS", delivery: "not_sent" });
    const modern = await failureOf(own.client.start({ name: "b", spec: { ...hostileSpec(), era: Era.MODERN } }));
    expect(errorInfo(modern)).toMatchObject({ code: 9, reason: "METHOD_NOT_FOUND", delivery: "not_sent" });
    expect(await own.containers()).toEqual([]);
  });
});

describe("A server that exits when it is asked for its era", () => {
  it("runs in a container that is marked legacy, and is never asked again", async () => {
    await using own = await TestManager.start();
    const spec = hostileSpec("--exit-on-probe");
    const { server } = await own.client.start({ name: "r", spec });
    expect(server).toMatchObject({ state: ServerState.READY, restartCount: 0n, mcp: { era: Era.LEGACY } });
    expect(await labelsOf(server, own)).toEqual({ era: "legacy", name: `/mcp-${own.fleet}.r` });
    expect(await own.containers()).toHaveLength(1);
    // The next one of the same program is marked from the start, and the next manager finds the mark.
    const { server: second } = await own.client.start({ name: "r2", spec });
    expect(await labelsOf(second, own)).toMatchObject({ era: "legacy" });
    await own.shutDown();
    await own.boot();
    await own.app.adopted;
    const { servers } = await own.client.list({});
    expect(servers.map(({ state, instances }) => [state, instances[0]?.containerId])).toEqual(
      [server, second].map((before) => [ServerState.READY, before?.instances[0]?.containerId]),
    );
    expect(await echo("r", own.client)).toBe("hi");
    const { server: restarted } = await own.client.restart({ name: "r" });
    expect(restarted?.instances[0]?.containerId).toBe(server?.instances[0]?.containerId);
    expect(await echo("r", own.client)).toBe("hi");
  });

  it("leaves nothing when it can't be started in the other way either, and says why", async () => {
    await using own = await TestManager.start();
    const failure = await failureOf(own.client.start({ name: "r", spec: hostileSpec("--exit", "7") }));
    expect(errorInfo(failure)).toMatchObject({
      reason: "SERVER_EXITED",
      exit_code: "7",
      stderr_tail: expect.stringContaining("no license"),
    });
    expect(await own.containers()).toEqual([]);
    expect((await own.client.list({})).servers).toEqual([]);
  });

  it("is replaced in its copies, too", async () => {
    await using own = await TestManager.start();
    const { server } = await own.client.start({ name: "r", spec: { ...hostileSpec("--exit-on-probe"), replicas: 3 } });
    expect(server?.instances).toHaveLength(3);
    expect(await own.containers()).toHaveLength(3);
  });
});

describe("A server that takes initialize only once", () => {
  it("is adopted by its response to a ping, and says who it is while that is known", async () => {
    await using own = await TestManager.start();
    await own.client.start({ name: "o", spec: hostileSpec("--initialize-once") });
    await own.shutDown();
    await own.boot();
    await own.app.adopted;
    expect(await echo("o", own.client)).toBe("hi");
    const { server } = await own.client.get({ name: "o" });
    expect(server).toMatchObject({ state: ServerState.READY, mcp: { serverName: "hostile" } });
    await own.shutDown();
    await rm(join(stateHome(), "mcp-docker-manager", own.fleet), { recursive: true });
    await own.boot();
    await own.app.adopted;
    expect(await echo("o", own.client)).toBe("hi");
    expect((await own.client.get({ name: "o" })).server?.mcp).toBeUndefined();
  });
});
