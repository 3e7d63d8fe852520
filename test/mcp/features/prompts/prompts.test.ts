import { describe, expect, it } from "vitest";
import type { CompletionRequest } from "../../../../src/mcp/features/completion.ts";
import { typedPrompt } from "../../../../src/mcp/features/prompts/prompt-result.ts";
import type { ChildSession } from "../../child-server.ts";
import { receivedBy } from "../../hostile-session.ts";
import { eras, ready } from "../../offering-session.ts";
import { scriptedSession } from "../../scripted-session.ts";

const get = ({ session }: ChildSession, prompt: string, args: Record<string, string> = {}) =>
  session.prompts.get({ prompt, arguments: args }, {});

describe.each(eras)("A prompt of a server of the %s era", (era) => {
  it("is filled in", async () => {
    await using child = await ready(era);
    expect(typedPrompt(await get(child, "greet", { name: "Ada", mood: "calm" }))).toEqual({
      description: "Greets.",
      messages: [
        {
          role: "user",
          content: { kind: "text", text: "Greet Ada, calm.", annotationsJson: "", extraJson: "" },
          extraJson: '{"extra":1}',
        },
      ],
      inputRequestsJson: "",
      extraJson: "",
    });
  });

  it("loses nothing of what its places can't hold", async () => {
    await using child = await ready(era);
    const raw =
      '{"description":7,"messages":[{"role":"\\ud800","content":{}},{"content":{}},{"role":"x","content":[1.0]}],"_meta":1e400}';
    const result = await get(child, "plain", { raw });
    expect(result.json).toBe(raw);
    expect(typedPrompt(result)).toEqual({
      description: "",
      messages: [
        { json: '{"role":"\\ud800","content":{}}' },
        { json: '{"content":{}}' },
        { role: "x", content: { kind: "json", json: "[1.0]" }, extraJson: "" },
      ],
      inputRequestsJson: "",
      extraJson: '{"description":7,"_meta":1e400}',
    });
  });

  it("that the server lacks is not found; one without its argument is refused", async () => {
    await using child = await ready(era);
    await expect(get(child, "nothing")).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "PROMPT_NOT_FOUND", delivery: "answered" },
    });
    await expect(get(child, "greet")).rejects.toMatchObject({
      kind: "invalid",
      details: { reason: "SERVER_REFUSED_PARAMS", rpcCode: -32602 },
    });
  });

  it("always comes with arguments: some servers refuse a request without", async () => {
    await using child = await ready(era);
    await get(child, "plain");
    const [asked] = (await receivedBy(child.session)).filter(({ method }) => method === "prompts/get");
    expect(asked?.params).toMatchObject({ name: "plain", arguments: {} });
  });
});

const completion = {
  ref: { prompt: "greet" },
  argumentName: "name",
  argumentValue: 'A"\n',
  contextArguments: {},
} satisfies CompletionRequest;

describe.each(eras)("A completion of a server of the %s era", (era) => {
  it.each([{ prompt: "greet" }, { resourceTemplate: "mem://grown/{index}" }])("is made for %o", async (ref) => {
    await using child = await ready(era);
    const contextArguments = { mood: "calm" };
    const context = JSON.stringify({ arguments: contextArguments });
    expect(await child.session.complete({ ...completion, ref, contextArguments }, {})).toEqual({
      values: ["name", 'A"\n', context],
      total: 7,
      hasMore: true,
      completionExtraJson: "",
      extraJson: "",
    });
    expect((await child.session.complete({ ...completion, ref }, {})).values).toContain("null");
  });

  it("loses nothing of what its places can't hold", async () => {
    await using child = await ready(era);
    const raw = '{"completion":{"values":["a","\\ud800"],"total":1.5,"hasMore":"no","n":1e400},"_meta":{}}';
    expect(await child.session.complete({ ...completion, ref: { prompt: "plain" }, argumentValue: raw }, {})).toEqual({
      values: [],
      hasMore: false,
      completionExtraJson: '{"values":["a","\\ud800"],"total":1.5,"hasMore":"no","n":1e400}',
      extraJson: '{"_meta":{}}',
    });
  });

  it.each([
    [{ prompt: "nothing" }, "PROMPT_NOT_FOUND"],
    [{ resourceTemplate: "mem://nothing/{x}" }, "RESOURCE_NOT_FOUND"],
  ] as const)("of what the server lacks is not found: %o", async (ref, reason) => {
    await using child = await ready(era);
    await expect(child.session.complete({ ...completion, ref }, {})).rejects.toMatchObject({
      kind: "not_found",
      details: { reason, delivery: "answered" },
    });
  });

  it("is not asked of a server with more than it takes", async () => {
    await using child = await ready(era);
    const large = { ...completion, ref: { prompt: "nothing" }, contextArguments: { a: "x".repeat(11 * 1024 * 1024) } };
    await expect(child.session.complete(large, {})).rejects.toMatchObject({
      kind: "invalid",
      details: { violations: [{ field: "context_arguments", description: expect.stringContaining("is too large") }] },
    });
  });

  it.each(["[]", "null"])("that is %s is empty, and can be read as it was written", async (given) => {
    await using child = await ready(era);
    const plain = { ...completion, ref: { prompt: "plain" }, argumentValue: `{"completion":${given}}` };
    expect(await child.session.complete(plain, {})).toMatchObject({ values: [], extraJson: `{"completion":${given}}` });
  });

  it("that is no object is refused", async () => {
    await using child = await ready(era);
    const plain = { ...completion, ref: { prompt: "plain" }, argumentValue: "[]" };
    await expect(child.session.complete(plain, {})).rejects.toMatchObject({
      kind: "protocol",
      details: { reason: "MALFORMED_RESULT" },
    });
  });
});

describe("A prompt of a server on the Python SDK, whose errors have codes of their own", () => {
  it.each([0, -32603, -32601])("is not found only if it is not listed (%i)", async (code) => {
    const { session } = scriptedSession((method) =>
      method === "prompts/list" ? '{"prompts":[{"name":"greet"}]}' : { error: { code, message: "Unknown prompt" } },
    );
    const reasonOf = (prompt: string) =>
      session.prompts.get({ prompt, arguments: {} }, {}).catch(({ details }) => details);
    expect(await reasonOf("nope")).toMatchObject({ reason: "PROMPT_NOT_FOUND", delivery: "answered", rpcCode: code });
    const reason = code === -32601 ? "METHOD_NOT_FOUND" : "SERVER_ERROR";
    expect(await reasonOf("greet")).toMatchObject({ reason, delivery: "answered", rpcCode: code });
  });

  it("fails as the server says when the list can't be had", async () => {
    const { session } = scriptedSession(() => ({ error: { code: -32603, message: "Internal server error" } }));
    await expect(session.prompts.get({ prompt: "nope", arguments: {} }, {})).rejects.toMatchObject({
      details: { reason: "SERVER_ERROR" },
    });
  });
});
