import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { CallToolResponse } from "../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../gen/mcpmanager/v1/tool_pb.ts";
import { type Checks, expect } from "./check.ts";

export const calls: Checks = {
  CallTool: async (manager) => {
    const input = { case: "arguments", value: { a: 2, b: 3 } } as const; // a Struct is a plain object
    const text = textOf(await manager.callTool({ server: "everything", tool: "get-sum", input }));
    expect(text === "The sum of 2 and 3 is 5.", text);
    return text;
  },

  "structured content": async (manager) => {
    const input = { case: "arguments", value: { location: "Chicago" } } as const;
    const { structured } = await manager.callTool({ server: "everything", tool: "get-structured-content", input });
    // `structuredContentJson` is the other case: JSON that a Value can't hold, such as an integer beyond 2^53.
    expect(structured.case === "structuredContent", `${structured.case}`);
    const weather = toJson(ValueSchema, structured.value) as { temperature: number };
    expect(weather.temperature === 36, JSON.stringify(weather));
    return JSON.stringify(weather);
  },

  // Arguments and result as JSON text, in which no number is rounded.
  "JSON form": async (manager) => {
    const message = "👩‍👩‍👧 a\u00a0b שלום 𝒳 e\u0301";
    const { resultJson } = await manager.callTool({
      server: "everything",
      tool: "echo",
      input: { case: "argumentsJson", value: JSON.stringify({ message }) },
      resultFormat: ResultFormat.JSON,
    });
    expect(JSON.parse(resultJson).content[0].text === `Echo: ${message}`, resultJson);
    return resultJson;
  },

  // Connect has no limit of its own; the transport's `readMaxBytes` sets one.
  "large result": async (manager) => {
    const message = "x".repeat(5_000_000);
    const input = { case: "arguments", value: { message } } as const;
    const text = textOf(await manager.callTool({ server: "everything", tool: "echo", input }));
    expect(text === `Echo: ${message}`, `${text.length} characters`);
    return "5 MB";
  },
};

export function textOf({ content }: Pick<CallToolResponse, "content">): string {
  return content.map(({ kind }) => (kind.case === "text" ? kind.value.text : "")).join("");
}
