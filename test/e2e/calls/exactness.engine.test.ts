import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
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

const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}0${"]}".repeat(levels / 2)}`;

/** JSON texts that something between a server and its callers likes to change. */
const delicate: readonly (readonly [string, string])[] = [
  ["an integer beyond 2^53", '{"n":9007199254740993}'],
  ["a number beyond all doubles", '{"n":1e400,"m":-1E+400}'],
  ["numbers in unusual spelling", '{"n":1.0,"m":-0.0,"k":1E2,"l":0.1000000000000000055511151231257827}'],
  ["a name that comes twice", '{"a":1,"b":2,"a":3}'],
  ["escapes", '{"s":"\\u0041\\/\\b\\f\\n\\r\\t\\"\\\\\\u0000\\u2028"}'],
  ["a no-break space and joiners", '{"s":"a\u00a0b\u200db👩\u200d👩\u200d👧\ufeff"}'],
  ["unpaired surrogates, escaped", '{"s":"\\ud800","\\udc00":"x\\udbff\\ud800y"}'],
  ["60 levels of nesting", nested(60)],
  ["1000 levels of nesting", nested(1000)],
  ["__proto__ and constructor", '{"__proto__":{"x":1},"constructor":null}'],
  ["spaces between the parts", '{ "a" :\t[ 1 , 2 ] }'],
];

const raw = (json: string, resultFormat: 1 | 2) =>
  client.callTool({
    server: "h",
    tool: "raw",
    input: { case: "argumentsJson", value: JSON.stringify({ json }) },
    resultFormat,
  });

describe("A result, through a container and back", () => {
  it.each(delicate)("in format JSON is byte for byte the server's: %s", async (_what, text) => {
    const json = `{"structuredContent":${text},"content":[],"x":${text}}`;
    const { resultJson } = await raw(json, 2);
    expect(Buffer.from(resultJson).equals(Buffer.from(json))).toBe(true);
    const response = await fetch(`${manager.url}/servers/h/call`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tool: "raw", arguments: { json }, result_format: "RESULT_FORMAT_JSON" }),
    });
    expect(await response.json()).toMatchObject({ resultJson: json });
  });

  it.each(delicate)("in the typed form loses nothing: %s", async (_what, text) => {
    const block = `{"type":"new-kind","v":${text}}`;
    const json = `{"content":[${block},{"type":"text","text":"t","v":${text}}],"structuredContent":${text},"x":${text}}`;
    const { content, structured, extraJson } = await raw(json, 1);
    expect(content[0]?.kind).toEqual({ case: "json", value: block });
    expect(content[1]).toMatchObject({ kind: { case: "text" }, extraJson: `{"v":${text}}` });
    expect(extraJson).toBe(`{"x":${text}}`);
    if (structured.case !== "structuredContent")
      expect(structured).toEqual({ case: "structuredContentJson", value: text });
    else expect(toJson(ValueSchema, structured.value)).toEqual(JSON.parse(text));
  });

  it.each(delicate.filter(([what]) => !/spaces between|unusual|escapes|no-break/.test(what)))(
    "as a value would be another one, and so comes as text: %s",
    async (_what, text) => {
      const { structured } = await raw(`{"content":[],"structuredContent":${text}}`, 1);
      expect(structured).toEqual({ case: "structuredContentJson", value: text });
    },
  );

  it("keeps a text with an unpaired surrogate, which no protobuf string can hold, as JSON", async () => {
    const block = '{"type":"text","text":"a\\ud800b"}';
    const { content } = await raw(`{"content":[${block}]}`, 1);
    expect(content[0]?.kind).toEqual({ case: "json", value: block });
  });

  it("keeps a text's characters, whichever they are", async () => {
    const text = "\u0000\u00a0\u200d\u2028\ufeff\ufffd👩\u200d👧\u{10ffff}\r\n\t";
    expect(textOf(await raw(JSON.stringify({ content: [{ type: "text", text }] }), 1))).toBe(text);
  });
});

describe("Arguments, on their way into a container", () => {
  it.each(delicate.filter(([what]) => !/1000 levels|spaces/.test(what)))(
    "reach the server byte for byte: %s",
    async (_what, text) => {
      const line = textOf(
        await client.callTool({ server: "h", tool: "line", input: { case: "argumentsJson", value: text } }),
      );
      expect(line).toContain(`"params":{"name":"line","arguments":${text}`);
    },
  );
});
