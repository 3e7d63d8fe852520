import { describe, expect, it } from "vitest";
import type { RpcError } from "../../../../src/jsonrpc/message.ts";
import { scriptedSession } from "../../scripted-session.ts";

const listed = '{"tools":[{"name":"known"},{"name":"other"}]}';

/** A server that answers every call like this. */
function answering(answer: string | { readonly error: RpcError }) {
  return scriptedSession((method) => (method === "tools/list" ? listed : answer));
}

function text(words: string, isError: boolean): string {
  return JSON.stringify({ content: [{ type: "text", text: words }], ...(isError ? { isError } : {}) });
}

const call = (session: ReturnType<typeof answering>["session"], tool: string) => session.callTool({ tool }, {});

describe("Session.callTool, of a tool that the server has not", () => {
  it.each<[string, string | { readonly error: RpcError }]>([
    ["error -32602", { error: { code: -32602, message: "Unknown tool: nope" } }],
    ["error -32601", { error: { code: -32601, message: "Method not found" } }],
    ["error -32603", { error: { code: -32603, message: "KeyError: 'nope'" } }],
    ["error 0", { error: { code: 0, message: "Unknown tool: nope" } }],
    ["a failed result of the TypeScript SDK", text("MCP error -32602: Tool nope not found", true)],
    ["a failed result in words", text("Unknown tool: 'nope'", true)],
    ["a failed result without a word of it", text("it went wrong", true)],
    ["a failed result without content", '{"isError":true}'],
    ["a plain text", text("Unknown tool: nope", false)],
    ["a plain text in other words", text("Error: the function nope does not exist.", false)],
  ])("says so whichever way the server does: %s", async (_way, answer) => {
    const { session } = answering(answer);
    await expect(call(session, "nope")).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "TOOL_NOT_FOUND", delivery: "answered" },
    });
  });

  it("says what the server answered", async () => {
    const error = { code: -32603, message: "no" };
    await expect(call(answering({ error }).session, "nope")).rejects.toMatchObject({ details: { rpcCode: -32603 } });
    await expect(call(answering(text("Unknown tool: nope", true)).session, "nope")).rejects.toMatchObject({
      message: 'the server has no tool "nope"; ListTools shows those it has; it answered: Unknown tool: nope',
    });
  });

  it.each([
    ["a plain result without such words", text("nope: done", false)],
    ["a plain result that says so of something else", text("the file nope was not found", false)],
    ["a long result", text(`Unknown tool: nope ${"x".repeat(3000)}`, false)],
  ])("gives %s as it is: tools may be called that are not listed", async (_what, answer) => {
    const { session, sent } = answering(answer);
    expect((await call(session, "nope")).json).toBe(answer);
    expect(sent.filter(({ method }) => method === "tools/list")).toEqual([]);
  });
});

describe("Session.callTool, of a tool that the server lists", () => {
  it.each([text("Unknown tool: known", true), text("Unknown tool: known", false), text("it went wrong", true)])(
    "gives the result %s as it is",
    async (answer) => {
      expect((await call(answering(answer).session, "known")).json).toBe(answer);
    },
  );

  it("gives the server's error as the server's", async () => {
    await expect(
      call(answering({ error: { code: -32603, message: "disk full" } }).session, "known"),
    ).rejects.toMatchObject({
      kind: "server_error",
      message: "the server answered tools/call with error -32603: disk full",
      details: { reason: "SERVER_ERROR", delivery: "answered", rpcCode: -32603 },
    });
  });

  it("asks for the listing once for all failures that say nothing of the tool", async () => {
    const { session, sent } = answering(text("it went wrong", true));
    for (let round = 0; round < 3; round += 1) await call(session, "known");
    expect(sent.filter(({ method }) => method === "tools/list")).toHaveLength(1);
  });
});
