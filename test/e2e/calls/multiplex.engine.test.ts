import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostileSpec, type ManagerClient, TestManager, textOf } from "../test-manager.ts";

let manager: TestManager;
let client: ManagerClient;
beforeAll(async () => {
  manager = await TestManager.start();
  client = manager.client;
  await client.start({ name: "h", spec: hostileSpec() });
});
afterAll(() => manager[Symbol.asyncDispose]());

describe("A result in format JSON", () => {
  it("is the server's text, byte for byte", async () => {
    const json =
      '{ "content" : [], "structuredContent":{"n":9007199254740993,"n":1e400,"s":"\\u00e9\\ud800\u00a0"} , "x":1}';
    const input = { case: "argumentsJson" as const, value: JSON.stringify({ json }) };
    const result = await client.callTool({ server: "h", tool: "raw", input, resultFormat: 2 });
    expect(result.resultJson).toBe(json);
  });

  it("carries 8 MB", async () => {
    const input = { case: "arguments" as const, value: { bytes: 8_000_000 } };
    const result = await client.callTool({ server: "h", tool: "large", input, resultFormat: 2 });
    expect(result.resultJson.length).toBeGreaterThan(8_000_000);
  });
});

describe("A typed result", () => {
  it("keeps a number that is no double as the server's text", async () => {
    const json = '{"content":[],"structuredContent":{"n":9007199254740993}}';
    const input = { case: "arguments" as const, value: { json } };
    const result = await client.callTool({ server: "h", tool: "raw", input });
    expect(result.structured).toEqual({ case: "structuredContentJson", value: '{"n":9007199254740993}' });
  });
});

describe("Arguments", () => {
  it("reach the server as the caller wrote them", async () => {
    const value = '{\r\n\t"text": "a\\u0000\\ud83d\\ude00 é"\n}';
    const result = await client.callTool({ server: "h", tool: "echo", input: { case: "argumentsJson", value } });
    expect(textOf(result)).toBe("a\u0000😀 é");
  });
});
