import { describe, expect, it } from "vitest";
import { typedResult } from "../../../src/mcp/features/tools/tool-result.ts";
import { type ChildSession, modern, openChildSession } from "../child-server.ts";
import { call, receivedBy } from "../hostile-session.ts";

async function ready(...args: string[]): Promise<ChildSession> {
  const child = openChildSession(modern(...args));
  await child.session.handshake({});
  return child;
}

async function metaOf(child: ChildSession, more: { metaJson?: string; clientCapabilitiesJson?: string } = {}) {
  const result = await child.session.callTool({ tool: "meta", ...more }, {});
  return JSON.parse(result.json).structuredContent;
}

describe("Session, of the modern era", () => {
  it("says with each call who asks, in which revision, and what the caller can do", async () => {
    await using child = await ready();
    const own = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "0" },
      "io.modelcontextprotocol/logLevel": "info",
    };
    const none = { ...own, "io.modelcontextprotocol/clientCapabilities": {} };
    expect(await metaOf(child)).toEqual(none);
    expect(await metaOf(child, { clientCapabilitiesJson: '{"elicitation":{"form":{}}}' })).toEqual({
      ...own,
      "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
    });
    const metaJson =
      '{"traceparent":"00-a-b-01","progressToken":7,"io.modelcontextprotocol/clientInfo":{"name":"liar"}}';
    expect(await metaOf(child, { metaJson })).toEqual({ ...none, traceparent: "00-a-b-01" });
  });

  it("asks with server/discover whether the server is there", async () => {
    await using child = await ready();
    await child.session.ping({});
    const methods = (await receivedBy(child.session)).map(({ method }) => method);
    expect(methods).toEqual(["server/discover", "subscriptions/listen", "server/discover", "tools/call"]);
  });

  it("hands out what the server asks for, and the responses in, with the state as it was", async () => {
    await using child = await ready();
    const state = 'opaque "\\ é🙂\u0000\u2028';
    const clientCapabilitiesJson = '{"elicitation":{}}';
    const asked = await child.session.callTool(
      { tool: "ask", argumentsJson: JSON.stringify({ state }), clientCapabilitiesJson },
      {},
    );
    expect(asked).toMatchObject({ kind: "input_required", requestState: state });
    expect(JSON.parse(typedResult(asked).inputRequestsJson)).toEqual({
      name: { method: "elicitation/create", params: { message: "Who are you?" } },
    });
    const inputResponsesJson = '{"name":{"action":"accept","content":{"n":9007199254740993}}}';
    const answered = await child.session.callTool(
      { tool: "ask", clientCapabilitiesJson, inputResponsesJson, requestState: state },
      {},
    );
    expect(answered.kind).toBe("complete");
    expect(JSON.parse(answered.json).structuredContent.requestState).toBe(state);
    expect(answered.json).toContain('"action":"accept"');
  });

  it("fails a call for which the server wants input that the caller does not know of", async () => {
    await using child = await ready();
    await expect(call(child.session, "ask")).rejects.toMatchObject({
      kind: "not_running",
      message: expect.stringContaining("client_capabilities_json"),
      details: { reason: "INPUT_REQUIRED", delivery: "answered" },
    });
  });

  it("fails a call whose caller can't give what the server needs, and says what that is", async () => {
    await using child = await ready();
    const argumentsJson = '{"careful":true}';
    await expect(
      child.session.callTool({ tool: "ask", argumentsJson, clientCapabilitiesJson: "{}" }, {}),
    ).rejects.toMatchObject({
      kind: "not_running",
      details: {
        reason: "CLIENT_CAPABILITY_MISSING",
        delivery: "answered",
        rpcCode: -32021,
        rpcData: '{"requiredCapabilities":{"elicitation":{}}}',
      },
    });
  });

  it("names a tool that the server lacks", async () => {
    await using child = await ready();
    await expect(call(child.session, "nope")).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "TOOL_NOT_FOUND", rpcCode: -32602 },
    });
  });

  it("refuses a result of a kind that it does not know", async () => {
    await using child = await ready();
    await expect(call(child.session, "raw", { json: '{"resultType":"task"}' })).rejects.toMatchObject({
      kind: "protocol",
      details: { reason: "MALFORMED_RESULT" },
    });
  });

  it("hears what the server logs", async () => {
    await using child = await ready();
    await call(child.session, "log");
    expect(child.heard.logs).toMatchObject([{ level: "warning", text: "careful" }]);
  });

  it("refuses every request of the server's, and shows it among the stray lines", async () => {
    await using child = await ready();
    await call(child.session, "request");
    expect(child.heard.stray).toEqual([
      expect.stringMatching(/^\{"jsonrpc":"2.0","id":"ask-[0-9]+","method":"roots\/list","params":\{"a":1\}\}$/),
    ]);
    const replies = (await receivedBy(child.session)).filter(({ method }) => method === undefined);
    expect(replies).toMatchObject([{ id: expect.stringMatching(/^ask-/), error: { code: -32601 } }]);
  });
});

describe("Session, of the legacy era", () => {
  it("refuses input responses that the server would ignore, by their fields", async () => {
    await using child = openChildSession(modern("--takes-initialize"));
    await child.session.handshake({ era: "legacy" });
    const refused = child.session.callTool({ tool: "echo", inputResponsesJson: "{}", requestState: "" }, {});
    await expect(refused).rejects.toMatchObject({
      kind: "invalid",
      details: { violations: [{ field: "input_responses_json" }, { field: "request_state" }] },
    });
  });
});
