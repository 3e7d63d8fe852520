import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { CallToolResponse } from "../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../gen/mcpmanager/v1/tool_pb.ts";
import { type Checks, expect } from "./check.ts";
import { received } from "./received.ts";

// Combined emoji, a no-break space, right-to-left scripts, a character beyond the BMP, a combining accent.
const text = "👩‍👩‍👧 a\u00a0b שלום مرحبا 𝒳 e\u0301 日本";

// A bigint and a double can't both be this number: 2^53 + 1.
const big = "9007199254740993";

export const calls: Checks = {
  ListTools: async (manager) => {
    const { tools } = await manager.listTools({ server: "everything" });
    const echo = tools.find((tool) => tool.name === "echo");
    expect(echo !== undefined && JSON.parse(echo.inputSchemaJson).type === "object", "no echo with a schema");
    return `${tools.length} tools`;
  },

  CallTool: async (manager) => {
    const input = { case: "arguments", value: { a: 2, b: 3 } } as const; // a Struct is a plain object
    const answer = await manager.callTool({ server: "everything", tool: "get-sum", input });
    expect(textOf(answer).includes("5"), textOf(answer));
    return textOf(answer);
  },

  "structured content": async (manager) => {
    const input = { case: "arguments", value: { location: "Chicago" } } as const;
    const { structured } = await manager.callTool({ server: "everything", tool: "get-structured-content", input });
    expect(structured.case === "structuredContent", `${structured.case}`);
    return JSON.stringify(toJson(ValueSchema, structured.value));
  },

  "a picture": async (manager) => {
    const { content } = await manager.callTool({ server: "everything", tool: "get-tiny-image" });
    const kind = content.find((block) => block.kind.case === "image")?.kind;
    expect(kind?.case === "image" && kind.value.data[1] === 0x50, "no PNG");
    return `${kind.value.data.length} bytes of ${kind.value.mimeType}`;
  },

  "a tool's failure": async (manager) => {
    const answer = await manager.callTool({ server: "hostile", tool: "fail" });
    expect(answer.isError, "not an error");
    return `is_error: ${textOf(answer)}`;
  },

  "non-ASCII text": async (manager) => {
    const input = { case: "arguments", value: { text } } as const;
    const answer = await manager.callTool({ server: "hostile", tool: "echo", input });
    expect(textOf(answer) === text, `became ${textOf(answer)}`);
    return text;
  },

  "idempotency key": async (manager) => {
    const mark = crypto.randomUUID();
    const input = { case: "arguments", value: { text: "once", mark } } as const;
    const call = { server: "hostile", tool: "echo", input, idempotencyKey: mark };
    const answers = await Promise.all([manager.callTool(call), manager.callTool(call)]);
    const calls = (await received(manager)).filter(({ params }) => params?.arguments?.mark === mark);
    expect(answers.every((answer) => textOf(answer) === "once") && calls.length === 1, `called ${calls.length} times`);
    return "two callers, one call";
  },

  "big integers": async (manager) => {
    const sent = { case: "argumentsJson", value: `{"n":${big}}` } as const;
    const line = textOf(await manager.callTool({ server: "hostile", tool: "line", input: sent }));
    expect(line.includes(`"arguments":{"n":${big}}`), `sent as ${line}`);

    const json = `{"content":[],"structuredContent":{"n":${big}}}`;
    const input = { case: "arguments", value: { json } } as const;
    const asked = { server: "hostile", tool: "raw", input };
    const { structured } = await manager.callTool(asked);
    expect(structured.case === "structuredContentJson" && structured.value === `{"n":${big}}`, `${structured.case}`);
    const { resultJson } = await manager.callTool({ ...asked, resultFormat: ResultFormat.JSON });
    expect(resultJson === json, `came as ${resultJson}`);
    return `${big}, there and back`;
  },

  "3 MB result": async (manager) => {
    const answer = await manager.callTool(large(3_000_000));
    expect(textOf(answer).length === 3_000_000, `${textOf(answer).length} characters`);
    return "within every client's default limit";
  },

  "5 MB result": async (manager) => {
    const answer = await manager.callTool(large(5_000_000));
    expect(textOf(answer).length === 5_000_000, `${textOf(answer).length} characters`);
    return "Connect has no limit of its own (readMaxBytes sets one)";
  },

  "8 MB request": async (manager) => {
    const message = "x".repeat(8_000_000);
    const input = { case: "arguments", value: { message } } as const;
    const answer = await manager.callTool({ server: "everything", tool: "echo", input });
    expect(textOf(answer).endsWith(message), `${textOf(answer).length} characters`);
    return "there and back";
  },
};

function large(bytes: number) {
  return { server: "hostile", tool: "large", input: { case: "arguments", value: { bytes } } } as const;
}

export function textOf({ content }: Pick<CallToolResponse, "content">): string {
  return content.map(({ kind }) => (kind.case === "text" ? kind.value.text : "")).join("");
}
