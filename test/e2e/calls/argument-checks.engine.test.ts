import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sinner, Stage } from "../callers/hostile/stage.ts";
import { errorInfo, failureOf, textOf } from "../test-manager.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({});
});
afterAll(() => stage[Symbol.asyncDispose]());

/** A server whose tool `echo` lists this input schema. */
const echoOf = (schema: object) => stage.start(["--schema", JSON.stringify(schema)]);

function checked(server: string, tool: string, value: unknown, idempotencyKey = "") {
  const input = { case: "argumentsJson", value: JSON.stringify(value) } as const;
  return stage.client.callTool({ server, tool, input, idempotencyKey, validateArguments: true });
}

const failure = async (...call: Parameters<typeof checked>) => errorInfo(await failureOf(checked(...call)));

/** The tools that were called. */
async function calledTools({ name }: Sinner): Promise<(string | undefined)[]> {
  const { resultJson } = await stage.client.callTool({ server: name, tool: "received", resultFormat: 2 });
  const { messages } = JSON.parse(resultJson).structuredContent as { messages: { params?: { name?: string } }[] };
  return messages.flatMap(({ params }) => params?.name ?? []);
}

const text = { type: "object", properties: { text: { type: "string", pattern: "^[a-z]+$" } }, required: ["text"] };

describe("A call with validate_arguments", () => {
  it("reaches the server only when its arguments follow the tool's schema", async () => {
    await using server = await echoOf(text);
    expect(textOf(await checked(server.name, "echo", { text: "abc" }))).toBe("abc");
    expect(await failure(server.name, "echo", { text: 7 })).toMatchObject({
      code: Code.InvalidArgument,
      reason: "ARGUMENTS_REJECTED",
      delivery: "not_sent",
      server: server.name,
      fields: ["arguments.text"],
    });
    expect(await failure(server.name, "echo", {})).toMatchObject({ fields: ["arguments"] });
    expect((await calledTools(server)).filter((tool) => tool === "echo")).toHaveLength(1);
  });

  it("is refused over REST with the path of what is wrong", async () => {
    await using server = await echoOf(text);
    const response = await fetch(`${stage.manager.url}/servers/${server.name}/call`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tool: "echo", arguments: { text: "A" }, validateArguments: true }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      details: expect.arrayContaining([
        expect.objectContaining({ fieldViolations: [expect.objectContaining({ field: "arguments.text" })] }),
      ]),
    });
  });

  it("checks by the schemas of a server on the TypeScript SDK, in draft-07", async () => {
    await using server = await stage.start([], { args: ["sdk-v1.mjs"] });
    expect(textOf(await checked(server.name, "add", { a: 1, b: 2 }))).toBe("3");
    expect(await failure(server.name, "add", { a: 1, b: "2" })).toMatchObject({ fields: ["arguments.b"] });
  });

  it("of a tool that the server does not list is NOT_FOUND, and not sent", async () => {
    await using server = await echoOf(text);
    expect(await failure(server.name, "none", {})).toMatchObject({
      code: Code.NotFound,
      reason: "TOOL_NOT_FOUND",
      delivery: "not_sent",
    });
    expect(await calledTools(server)).not.toContain("none");
  });

  it("is FAILED_PRECONDITION when the schema is of a draft that nobody knows", async () => {
    await using server = await echoOf({ $schema: "https://example.com/mine" });
    expect(await failure(server.name, "echo", {})).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "SCHEMA_UNSUPPORTED",
      delivery: "not_sent",
    });
  });

  it("may be sent again under its key, with other arguments, after a refusal", async () => {
    await using server = await echoOf(text);
    expect(await failure(server.name, "echo", { text: 7 }, "k")).toMatchObject({ reason: "ARGUMENTS_REJECTED" });
    expect(textOf(await checked(server.name, "echo", { text: "abc" }, "k"))).toBe("abc");
  });

  it("whose schema has a hostile pattern ends in time, and nobody else notices", async () => {
    await using server = await echoOf({ properties: { text: { pattern: "^(a+)+$" } } });
    await using other = await echoOf(text);
    const hostile = { text: `${"a".repeat(60)}!` };
    await stage.witnessed(async () => {
      const slow = Array.from({ length: 3 }, () => failure(server.name, "echo", hostile));
      expect(textOf(await checked(other.name, "echo", { text: "abc" }))).toBe("abc");
      for (const info of await Promise.all(slow)) {
        expect(info).toMatchObject({ code: Code.ResourceExhausted, reason: "SCHEMA_TOO_SLOW", delivery: "not_sent" });
      }
    });
    expect(textOf(await server.call("echo", hostile))).toBe(hostile.text);
  });
});
