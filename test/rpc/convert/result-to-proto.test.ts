import { fromBinary, fromJson, toBinary, toJson, toJsonString } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CallToolResponse, CallToolResponseSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultKind } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { readToolResult } from "../../../src/mcp/features/tools/tool-result.ts";
import { maxResponseBytes, resultToProto } from "../../../src/rpc/convert/result-to-proto.ts";
import { jsonText } from "../../json/json-text.ts";

const typed = (json: string) => resultToProto(readToolResult(json, "modern"), "typed");

/** The response after its way over the wire, in both encodings. */
function received(response: CallToolResponse): CallToolResponse[] {
  const bytes = toBinary(CallToolResponseSchema, response);
  const json = JSON.parse(JSON.stringify(toJson(CallToolResponseSchema, response)));
  return [fromBinary(CallToolResponseSchema, bytes), fromJson(CallToolResponseSchema, json)];
}

function structuredJson({ structured }: CallToolResponse): unknown {
  if (structured.case === "structuredContent") return toJson(ValueSchema, structured.value);
  return structured.case === undefined ? undefined : { text: structured.value };
}

const everything = `{"content":[
  {"type":"text","text":"a\\u00a0\\u200d\\u0000🙂","annotations":{"priority":1.0},"_meta":{"n":9007199254740993}},
  {"type":"image","data":"AP8=","mimeType":"image/png"},
  {"type":"audio","data":"","mimeType":"audio/wav"},
  {"type":"resource_link","uri":"u","name":"n","title":"t","size":0},
  {"type":"resource","resource":{"uri":"u","text":"","x":1e400}},
  {"type":"resource","resource":{"uri":"u","blob":"AA=="}},
  {"type":"text","text":"\\ud800"},
  {"type":"hologram","n":1e400}
],"isError":true,"structuredContent":{"a":[1,null,true,"x"]},"_meta":{"big":100000000000000000001}}`.replaceAll(
  "\n",
  "",
);

describe("resultToProto", () => {
  it("fills only the text, the error flag and the kind in format JSON", () => {
    const json = '{ "content":7, "isError":true,"n":9007199254740993,"resultType":"input_required"}';
    const response = resultToProto(readToolResult(json, "modern"), "json");
    expect(response).toMatchObject({
      resultJson: json,
      isError: true,
      resultKind: ResultKind.INPUT_REQUIRED,
      content: [],
      structured: { case: undefined },
      extraJson: "",
    });
    for (const copy of received(response)) expect(copy).toEqual(response);
  });

  it("carries every kind of content over the wire without loss", () => {
    const response = typed(everything);
    expect(response.content.map(({ kind }) => kind.case)).toEqual([
      "text",
      "image",
      "audio",
      "resourceLink",
      "embeddedResource",
      "embeddedResource",
      "json",
      "json",
    ]);
    expect(response).toMatchObject({
      isError: true,
      resultKind: ResultKind.COMPLETE,
      resultJson: "",
      extraJson: '{"_meta":{"big":100000000000000000001}}',
    });
    const [text, image, , link, resource, blob, lone, unknown] = response.content;
    expect(text).toMatchObject({
      kind: { value: { text: "a\u00a0\u200d\u0000🙂" } },
      annotationsJson: '{"priority":1.0}',
      extraJson: '{"_meta":{"n":9007199254740993}}',
    });
    expect(image?.kind.value).toMatchObject({ data: Buffer.from([0, 255]), mimeType: "image/png" });
    expect(link?.kind.value).toMatchObject({ uri: "u", name: "n", title: "t", sizeBytes: 0n });
    expect(resource?.kind.value).toMatchObject({
      contents: { case: "text", value: "" },
      resourceExtraJson: '{"x":1e400}',
    });
    expect(blob?.kind.value).toMatchObject({ contents: { case: "blob", value: Buffer.from([0]) } });
    expect(lone?.kind.value).toBe('{"type":"text","text":"\\ud800"}');
    expect(unknown?.kind.value).toBe('{"type":"hologram","n":1e400}');
    for (const copy of received(response)) {
      expect(toJson(CallToolResponseSchema, copy)).toEqual(toJson(CallToolResponseSchema, response));
    }
  });

  it.each([
    ["9007199254740993", { text: "9007199254740993" }],
    ["1e400", { text: "1e400" }],
    ['{"a":1,"a":2}', { text: '{"a":1,"a":2}' }],
    ['{"__proto__":{"polluted":true}}', { text: '{"__proto__":{"polluted":true}}' }],
    ['{"\\ud800":1}', { text: '{"\\ud800":1}' }],
    ["0.1", 0.1],
    ["1.0", 1],
    ["1e2", 100],
    ["100000000000000000000", 1e20],
    ["null", null],
    ['"\\u00e9\\n"', "é\n"],
    ['{"":[],"constructor":{"x":{}}}', { "": [], constructor: { x: {} } }],
  ])("gives the structured content %s as %j", (text, expected) => {
    for (const copy of received(typed(`{"structuredContent":${text}}`))) {
      expect(structuredJson(copy)).toEqual(expected);
    }
  });

  it("keeps the sign of a negative zero", () => {
    const [copy] = received(typed('{"structuredContent":-0}'));
    expect(copy?.structured).toMatchObject({ value: { kind: { case: "numberValue", value: -0 } } });
  });

  it("carries any structured content over the wire as the same value or the same text", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const response = typed(`{"structuredContent":${text},"content":[]}`);
        const expected = structuredJson(response);
        const value: unknown = JSON.parse(text);
        if (response.structured.case === "structuredContentJson") expect(expected).toEqual({ text });
        else expect(zeroed(expected)).toEqual(zeroed(value));
        for (const copy of received(response)) expect(zeroed(structuredJson(copy))).toEqual(zeroed(expected));
      }),
      { numRuns: 500 },
    );
  });

  it.each(["null", "7", '"done"', '{"type":"text"}'])("gives the content %s as the server wrote it", (content) => {
    const response = typed(`{"content":${content},"structuredContent":{"a":1}}`);
    expect(response.content).toEqual([]);
    expect(response.structured.case).toBe("structuredContent");
    expect(response.extraJson).toBe(`{"content":${content}}`);
  });
});

/** JSON text of -0 is "0". */
function zeroed(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

describe("maxResponseBytes", () => {
  const times = (part: string, count: number) => Array.from({ length: count }, () => part).join(",");
  it.each([
    ["values that grow", `{"structuredContent":[${times("1e20", 99_999)}]}`],
    ["empty objects", `{"structuredContent":[${times("{}", 99_999)}]}`],
    ["members", `{"structuredContent":[${times('{"":{"a":0}}', 33_333)}]}`],
    ["blocks that are none", `{"content":[${times("1", 100_000)}]}`],
    ["empty blocks", `{"content":[${times('{"type":"text","text":""}', 33_333)}]}`],
    ["empty resources", `{"content":[${times('{"type":"resource","resource":{"uri":"","text":""}}', 20_000)}]}`],
    ["quotes", `{"structuredContent":[9007199254740993,${times('""', 1_000_000)}]}`],
    ["quotes in blocks", `{"content":[{"type":"x","a":[${times('""', 90_000)}]}]}`],
    ["escapes", `{"content":[{"type":"text","text":"${"\\u0001\\\\\\n".repeat(100_000)}"}]}`],
    ["fields without a place", `{"a":[${times('"\\\\\\""', 500_000)}]}`],
    ["base64", `{"content":[{"type":"image","mimeType":"m","data":"${"AAAA".repeat(1_000_000)}"}]}`],
  ])("holds a result of %s, in both formats and encodings", (_what, json) => {
    const result = readToolResult(json, "modern");
    for (const format of ["typed", "json"] as const) {
      const response = resultToProto(result, format);
      const bound = maxResponseBytes(Buffer.byteLength(json));
      expect(toBinary(CallToolResponseSchema, response).length).toBeLessThan(bound);
      expect(Buffer.byteLength(toJsonString(CallToolResponseSchema, response))).toBeLessThan(bound);
    }
  });
});
