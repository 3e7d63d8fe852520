import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readToolResult, typedResult } from "../../../../src/mcp/features/tools/tool-result.ts";
import { jsonText } from "../../../json/json-text.ts";

const typed = (json: string) => typedResult(readToolResult(json, "modern"));

function nested(levels: number): string {
  return `${"[".repeat(levels)}${"]".repeat(levels)}`;
}

describe("readToolResult", () => {
  it("keeps the result as it was written", () => {
    const json = '{ "content" : [] , "n" : 9007199254740993 }';
    expect(readToolResult(json, "modern")).toEqual({ json, isError: false, kind: "complete" });
  });

  it.each([
    ['{"isError":true}', true],
    ['{"isError":false}', false],
    ["{}", false],
    ['{"isError":false,"isError":true}', true],
    ['{"isError":"yes"}', false],
    ['{"isError":1}', false],
    ['{"isError":null}', false],
  ])("reads whether %s is an error: %s", (json, isError) => {
    expect(readToolResult(json, "modern").isError).toBe(isError);
  });

  it("reads the kind of a result, complete unless it says otherwise", () => {
    expect(readToolResult('{"resultType":"input_required"}', "modern").kind).toBe("input_required");
    expect(readToolResult('{"resultType":"complete"}', "modern").kind).toBe("complete");
    expect(readToolResult("{}", "modern").kind).toBe("complete");
    expect(readToolResult('{"resultType":"input\\u005frequired"}', "modern").kind).toBe("input_required");
  });

  it("refuses a kind that the modern era does not have", () => {
    expect(() => readToolResult('{"resultType":"news"}', "modern")).toThrow(
      expect.objectContaining({
        kind: "protocol",
        message: `the server's tool result breaks MCP: its resultType is "news"`,
        details: { reason: "MALFORMED_RESULT", delivery: "answered" },
      }),
    );
  });

  it("takes the kind for any other field in the legacy era, which has none", () => {
    for (const resultType of ["news", "input_required"]) {
      const json = JSON.stringify({ resultType });
      const result = readToolResult(json, "legacy");
      expect(result).toEqual({ json, isError: false, kind: "complete" });
      expect(typedResult(result).extraJson).toBe(json);
    }
  });

  it("reads what the server wants to have back, byte for byte", () => {
    for (const state of ["", 'a"\\\n\u0000é🙂\u2028', "x".repeat(10_000)]) {
      const json = `{"resultType":"input_required","requestState":${JSON.stringify(state)}}`;
      expect(readToolResult(json, "modern").requestState).toBe(state);
    }
    expect(readToolResult('{"resultType":"complete","requestState":"x"}', "modern")).not.toHaveProperty("requestState");
  });

  it("takes null for nothing", () => {
    expect(readToolResult("null", "modern")).toEqual({ json: "null", isError: false, kind: "complete" });
    expect(readToolResult('{"resultType":null}', "modern").kind).toBe("complete");
    const asked = readToolResult('{"resultType":"input_required","requestState":null,"inputRequests":null}', "modern");
    expect(asked).not.toHaveProperty("requestState");
    expect(typedResult(asked)).toMatchObject({
      inputRequestsJson: "",
      extraJson: '{"requestState":null,"inputRequests":null}',
    });
  });

  it.each(["7", '"\\ud800"'])("refuses the request state %s, which nobody could give back", (state) => {
    const json = `{"resultType":"input_required","requestState":${state}}`;
    expect(() => readToolResult(json, "modern")).toThrow(expect.objectContaining({ kind: "protocol" }));
  });

  it.each(["[]", '"x"', "7"])("refuses %s as breaking the protocol", (json) => {
    expect(() => readToolResult(json, "modern")).toThrow(
      expect.objectContaining({ kind: "protocol", details: { reason: "MALFORMED_RESULT", delivery: "answered" } }),
    );
  });
});

describe("typedResult", () => {
  it("puts each part in its place, and the others as they were written in the rest", () => {
    expect(
      typed(
        '{"content":[{"type":"text","text":"x"},{"type":"new"}],"isError":true,"_meta":{"n":1.0},"structuredContent":{"a":1}}',
      ),
    ).toEqual({
      content: [
        { kind: "text", text: "x", annotationsJson: "", extraJson: "" },
        { kind: "json", json: '{"type":"new"}' },
      ],
      structured: { value: { a: 1 } },
      inputRequestsJson: "",
      extraJson: '{"_meta":{"n":1.0}}',
    });
  });

  it("takes missing content for none, and gives content that is no array as it was written", () => {
    expect(typed("{}")).toEqual({ content: [], inputRequestsJson: "", extraJson: "" });
    for (const content of ["null", "{}", '"x"']) {
      const extraJson = `{"content":${content}}`;
      expect(typed(extraJson)).toEqual({ content: [], inputRequestsJson: "", extraJson });
    }
  });

  it("refuses content of more than 100,000 values, which JSON can still carry", () => {
    const ones = (length: number) => `{"content":[${Array.from({ length }, () => "1").join(",")}]}`;
    expect(typed(ones(100_000)).content).toHaveLength(100_000);
    expect(() => typed(ones(100_001))).toThrow(
      expect.objectContaining({
        kind: "too_much",
        message: expect.stringContaining("RESULT_FORMAT_JSON"),
        details: { reason: "RESULT_TOO_LARGE", delivery: "answered" },
      }),
    );
    expect(readToolResult(ones(1_000_000), "modern").isError).toBe(false);
  });

  it("puts what the server asks for in its place, as it was written", () => {
    const requests = '{"who" : {"method":"elicitation/create","n":1.0}}';
    const result = typed(
      `{"resultType":"input_required","inputRequests":${requests},"requestState":"s","_meta":{"a":1}}`,
    );
    expect(result.inputRequestsJson).toBe(requests);
    expect(result.extraJson).toBe('{"_meta":{"a":1}}');
  });

  it("leaves fields with those names in a complete result in the rest", () => {
    const json = '{"inputRequests":{},"requestState":"s"}';
    expect(typed(json)).toMatchObject({ inputRequestsJson: "", extraJson: json });
  });

  it("keeps known fields in the rest when their value has no place", () => {
    expect(typed('{"isError":"yes"}').extraJson).toBe('{"isError":"yes"}');
    expect(typed('{"isError":false,"resultType":"complete"}').extraJson).toBe("");
  });

  it.each([
    "9007199254740993",
    "1e400",
    '{"a":1,"a":2}',
    '{"__proto__":{"a":1}}',
    '{"\\ud800":1}',
    '["\\ud800"]',
    nested(31),
    nested(60),
  ])("gives the server's text of structured content that a value would change: %s", (text) => {
    expect(typed(`{"structuredContent": ${text} }`).structured).toEqual({ json: text });
  });

  it.each(["0.1", "-0", "1.0", "1e2", "100000000000000000000", "null", "[]", '"\\u00a0\\u200d"', nested(30)])(
    "gives structured content as a value when that changes nothing: %s",
    (text) => {
      expect(typed(`{"structuredContent":${text}}`).structured).toEqual({ value: JSON.parse(text) });
    },
  );

  it("gives any structured content either as the value that JSON.parse gives or as the same text", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const { structured } = typed(`{"structuredContent":${text}}`);
        if (structured !== undefined && "json" in structured) expect(structured.json).toBe(text);
        else expect(structured?.value).toEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });
});
