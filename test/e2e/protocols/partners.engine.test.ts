// The eras, with servers that people write: on the SDKs v1, v2 and Python. The oracle compares their results.
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Era, ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat, ResultKind } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { randomName, TestManager } from "../test-manager.ts";
import { partner, partnerSpec } from "./oracle/partner.ts";
import { dockerRun } from "./oracle/sdk-clients.ts";
import type { PartnerServer } from "./oracle/servers.ts";

let manager: TestManager;
beforeAll(async () => {
  manager = await TestManager.start();
});
afterAll(() => manager[Symbol.asyncDispose]());

interface Question {
  readonly requestedSchema: { readonly properties: object };
}

const newest = { [Era.LEGACY]: "2025-11-25", [Era.MODERN]: "2026-07-28" };

describe("A server whose spec does not tell its era", () => {
  it.each([
    ["everything", Era.LEGACY],
    ["filesystem", Era.LEGACY],
    ["memory", Era.LEGACY],
    ["sdk-v1", Era.LEGACY],
    ["sdk-v2", Era.MODERN],
    ["sdk-v2, modern only", Era.MODERN],
    ["python", Era.MODERN],
  ] as const)("is spoken to in the newest that it speaks, by the next manager, too: %s", async (name, era) => {
    await using own = await TestManager.start();
    const { server } = await own.client.start({ name: "p", spec: partnerSpec(partner(name)) });
    expect(server).toMatchObject({ state: ServerState.READY, mcp: { era, protocolVersion: newest[era] } });
    await own.shutDown();
    await own.boot();
    await own.app.adopted;
    const { server: adopted } = await own.client.get({ name: "p" });
    expect(adopted).toMatchObject({ state: ServerState.READY, restartCount: 0n, mcp: { era } });
    expect(adopted?.instances[0]?.containerId).toBe(server?.instances[0]?.containerId);
    expect((await own.client.listTools({ server: "p" })).tools.length).toBeGreaterThan(4);
  });
});

describe("A tool that comes and goes", () => {
  it.each([
    ["sdk-v1", Era.LEGACY],
    ["sdk-v2", Era.LEGACY],
    ["sdk-v2", Era.MODERN],
    ["python", Era.LEGACY],
    ["python", Era.MODERN],
  ] as const)("is in the listing and gone from it, as its server says: %s, era %i", async (name, era) => {
    const server = randomName();
    await manager.client.start({ name: server, spec: partnerSpec(partner(name), era) });
    const listed = async () => (await manager.client.listTools({ server })).tools.some((tool) => tool.name === "extra");
    expect(await listed()).toBe(false);
    for (const there of [true, false]) {
      await manager.client.callTool({ server, tool: "toggle" });
      await expect.poll(listed).toBe(there);
    }
  });
});

describe("A server that asks for input, round after round", () => {
  it.each([
    ["sdk-v2", { name: "Ada", color: "red" }, 2],
    ["python", { name: "Ada" }, 1],
  ] as const)(
    "gets the responses of CallTool's caller, and gives what it gives the SDK's client: %s",
    async (name, known, rounds) => {
      const server = randomName();
      await manager.client.start({ name: server, spec: partnerSpec(partner(name)) });
      const call = {
        server,
        tool: "ask",
        input: { case: "arguments", value: { greeting: "Hello" } },
        clientCapabilitiesJson: '{"elicitation":{"form":{}}}',
      } as const;
      let result = await manager.client.callTool(call);
      let asked = 0;
      for (; result.resultKind === ResultKind.INPUT_REQUIRED; asked += 1) {
        const responses = Object.entries<{ params: Question }>(JSON.parse(result.inputRequestsJson)).map(
          ([key, { params }]) => [key, response(params)],
        );
        const { requestState } = result;
        result = await manager.client.callTool({
          ...call,
          resultFormat: asked + 1 < rounds ? ResultFormat.TYPED : ResultFormat.JSON,
          inputResponsesJson: JSON.stringify(Object.fromEntries(responses)),
          ...(requestState !== undefined && { requestState }),
        });
      }
      expect(asked).toBe(rounds);
      const { resultType, ...ours } = JSON.parse(result.resultJson);
      expect(resultType).toBe("complete");
      expect(ours).toEqual(await bySdk(partner(name), response));
      expect(ours.content[0].text).toMatch(/^Hello, Ada/);

      /** Of what is known, what a question's schema asks for. */
      function response({ requestedSchema }: Question) {
        const fields = Object.keys(requestedSchema.properties);
        return {
          action: "accept" as const,
          content: Object.fromEntries(Object.entries(known).filter(([field]) => fields.includes(field))),
        };
      }
    },
  );
});

/** The result that the SDK's client comes to, which goes through the rounds by itself. */
async function bySdk(server: PartnerServer, response: (question: Question) => object): Promise<unknown> {
  const options = { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: "2026-07-28" } } };
  const client = new Client({ name: "oracle", version: "0" }, options);
  client.setRequestHandler("elicitation/create", ({ params }) => response(params as Question) as never);
  await client.connect(new StdioClientTransport({ ...dockerRun(server), stderr: "ignore" }));
  try {
    return await client.callTool({ name: "ask", arguments: { greeting: "Hello" } });
  } finally {
    await client.close();
  }
}
