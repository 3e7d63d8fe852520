import { fromJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Era, ServerSpecSchema, ServerState } from "../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { consumed, differences } from "../e2e/protocols/oracle/differences.ts";
import { parseExact } from "../e2e/protocols/oracle/exact-json.ts";
import { outcome } from "../e2e/protocols/oracle/manager-client.ts";
import type { Outcome } from "../e2e/protocols/oracle/sdk-clients.ts";
import { untypedTool } from "../e2e/protocols/oracle/untyped.ts";
import { errorInfo, failureOf } from "../e2e/test-manager.ts";
import { PlainClient } from "./plain-client.ts";
import type { RightCall, WrongCall } from "./real-server.ts";
import { type SpecJson, Stage } from "./stage.ts";
import { chosenServers } from "./table/real-servers.ts";

// Servers that nobody here wrote, through the manager as users run it. MCPM_TEST_COMPAT chooses which.

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const chosen = chosenServers(process.env.MCPM_TEST_COMPAT);
const eras = { legacy: Era.LEGACY, modern: Era.MODERN };

describe.each(chosen)("$package", { timeout: 120_000 }, (server) => {
  const { name, right, wrong } = server;
  let spec: SpecJson;
  beforeAll(async () => {
    spec = await stage.spec(server);
  });

  const start = (more: SpecJson = {}) =>
    stage.client.start({ name, spec: fromJson(ServerSpecSchema, { ...spec, ...more } as never) });
  const call = ({ tool, args = {} }: { tool: string; args?: Readonly<Record<string, unknown>> }): Promise<Outcome> =>
    outcome(async () => {
      const input = { case: "argumentsJson", value: JSON.stringify(args) } as const;
      return parseExact(
        (await stage.client.callTool({ server: name, tool, input, resultFormat: ResultFormat.JSON })).resultJson,
      );
    });
  const now = async () => (await stage.client.get({ name })).server;

  it("starts, and has what it should have", async () => {
    const { server: started } = await start();
    expect(started?.state).toBe(ServerState.READY);
    expect(started?.mcp).toMatchObject({ era: eras[server.era], protocolVersion: server.revision });
    const { client } = stage;
    expect({
      tools: await countOf(async () => (await client.listTools({ server: name, pageSize: 1000 })).tools),
      resources: await countOf(async () => (await client.listResources({ server: name, pageSize: 1000 })).resources),
      prompts: await countOf(async () => (await client.listPrompts({ server: name, pageSize: 1000 })).prompts),
    }).toEqual(server.has);
  });

  it.each(right)("answers $tool", async (rightCall) => {
    expectRight(await call(rightCall), rightCall);
  });

  it(`fails as it should at a wrong ${wrong.tool}`, async () => {
    expectWrong(await call(wrong), wrong);
  });

  it("is to its callers what it is to the SDK's own client on its plain stdio", async () => {
    await using plain = await PlainClient.open(await stage.spec(server), server.era);
    const { tools } = await stage.client.listTools({ server: name, pageSize: 1000 });
    expect(tools.map(untypedTool)).toEqual(await plain.tools());
    for (const { tool, args = {}, difference } of [...right, wrong]) {
      const [ours, theirs] = [consumed(await call({ tool, args }), server.era), await plain.call(tool, args)];
      expect(theirs, tool).toEqual(difference === undefined ? ours : differences[difference].sdk(ours));
    }
  });

  it("answers after a Restart", async () => {
    await stage.client.restart({ name });
    expectRight(await call(right[0]), right[0]);
  });

  it("comes back after `docker kill`", async () => {
    const before = await now();
    await stage.fleet.docker.getContainer(before?.instances[0]?.containerId ?? "").kill();
    await expect.poll(async () => (await now())?.restartCount).toBeGreaterThan(before?.restartCount ?? 0n);
    expectRight(await call(right[0]), right[0]);
  });

  it("is gone after a Stop", async () => {
    await stage.client.stop({ name });
    expect(errorInfo(await failureOf(stage.client.get({ name }))).reason).toBe("SERVER_NOT_FOUND");
    expect(await stage.containers()).toEqual([]);
  });

  it("speaks the same era when it is started again, sleeps when nobody calls, and wakes by a call", async () => {
    const { server: again } = await start({ idleTimeout: "1s" });
    expect(again?.mcp).toMatchObject({ era: eras[server.era], protocolVersion: server.revision });
    await expect.poll(async () => (await now())?.state).toBe(ServerState.IDLE);
    expectRight(await call(right[1]), right[1]);
    await stage.client.stop({ name });
    expect(await stage.containers()).toEqual([]);
  });
});

async function countOf(list: () => Promise<readonly unknown[]>): Promise<number | "none"> {
  try {
    return (await list()).length;
  } catch (error) {
    expect(errorInfo(error as never).reason).toBe("METHOD_NOT_FOUND");
    return "none";
  }
}

function expectRight(ended: Outcome, { text, structured }: RightCall): void {
  expect(ended).toMatchObject({ result: structured === undefined ? {} : { structuredContent: structured } });
  expect((ended as { result: { isError?: boolean } }).result.isError ?? false, JSON.stringify(ended)).toBe(false);
  if (text !== undefined) expect(textsOf(ended)).toContain(text);
}

function expectWrong(ended: Outcome, wrong: WrongCall): void {
  if ("toolError" in wrong) {
    expect(ended).toMatchObject({ result: { isError: true } });
    expect(textsOf(ended)).toContain(wrong.toolError);
  } else if ("reason" in wrong) {
    expect(ended).toEqual({ refused: wrong.reason });
  } else {
    const { code, message } = wrong;
    expect(ended).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
  }
}

/** All texts of a result, a line each. */
function textsOf(ended: Outcome): string {
  const { content } = (ended as { result: { content: { text?: string }[] } }).result;
  return content.map(({ text = "" }) => text).join("\n");
}
