import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { checkedJsonObject, maxCallerDepth } from "../../src/json/caller-json.ts";
import { oneLine } from "../../src/json/one-line.ts";
import { parseLine } from "../../src/jsonrpc/message.ts";
import { nextTurn, openWire } from "../jsonrpc/wire.ts";
import { anyText, jsonText, parsed } from "./json-text.ts";

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
}

function checked(text: string): { readonly output: string } | { readonly error: ManagerError } {
  try {
    return { output: checkedJsonObject(text, "arguments_json") };
  } catch (error) {
    if (error instanceof ManagerError) return { error };
    throw error;
  }
}

/** What a server reads of a request with these arguments. */
async function writtenWith(argumentsText: string): Promise<string> {
  const { connection, chunks } = openWire();
  void connection.request("tools/call", `{"name":"t","arguments":${argumentsText}}`);
  await nextTurn();
  return chunks.join("");
}

/** Whatever the text is: refused with its place, or harmless on the line and the same value as before. */
async function checkHarmless(text: string): Promise<void> {
  const outcome = checked(text);
  if ("error" in outcome) {
    expect(outcome.error.kind).toBe("invalid");
    const [violation] = outcome.error.details.violations ?? [];
    expect(violation?.field).toBe("arguments_json");
    const offset = Number(/ at offset (\d+)$/.exec(violation?.description ?? "")?.[1]);
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThanOrEqual(text.length);
    return;
  }
  expect(outcome.output).not.toMatch(/[\r\n]/);
  expect(outcome.output.length).toBe(text.length);
  expect(JSON.parse(outcome.output)).toEqual(parsed(text)?.value);
  const written = await writtenWith(outcome.output);
  const line = written.slice(0, -1);
  expect(written).toBe(`${line}\n`);
  expect(line).not.toMatch(/[\r\n\u0085\u2028\u2029]/);
  expect(JSON.parse(line).params.arguments).toEqual(parsed(text)?.value);
  const params = `{"name":"t","arguments":${oneLine(outcome.output)}}`;
  expect(parseLine(line)).toEqual([{ kind: "request", id: "1", method: "tools/call", params }]);
}

const objectText = fc
  .dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true })
  .chain((object) => fc.constantFrom(0, 1, "\t").map((indent) => JSON.stringify(object, undefined, indent)));

describe("checkedJsonObject", () => {
  it("lets through only texts that make one line with one message of the same value, whatever it is given", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(objectText, anyText), (text) => checkHarmless(text)),
      { numRuns: 2000 },
    );
  });

  it("accepts every JSON object and refuses every other JSON value", () => {
    fc.assert(
      fc.property(fc.oneof(objectText, jsonText), (text) => {
        const value: unknown = JSON.parse(text);
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        expect("output" in checked(text)).toBe(isObject);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["a second request after the arguments", '{}}}\n{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{}}', 2],
    ["two objects", "{}{}", 2],
    ["an object and a line break and another", "{}\n{}", 3],
    ["trailing garbage", '{"a":1} x', 8],
    ["a raw line break in a string", '{"a":"x\ny"}', 7],
    ["a raw tab in a string", '{"a":"x\ty"}', 7],
    ["a BOM", "\ufeff{}", 0],
    ["an unpaired surrogate", '{"a":"\ud800"}', 6],
    ["a low surrogate alone", '{"a":"x\udc00"}', 7],
    ["an array", "[]", 0],
    ["a string", '"{}"', 0],
    ["nothing", "", 0],
    ["a comment", "{/* */}", 1],
    ["a no-break space between the parts", "{\u00a0}", 1],
  ])("refuses %s", (_what, text, offset) => {
    const outcome = checked(text);
    expect(outcome).toMatchObject({ error: { kind: "invalid", details: { reason: "INVALID_REQUEST" } } });
    expect("error" in outcome && outcome.error.message).toMatch(new RegExp(`^arguments_json: .* at offset ${offset}$`));
  });

  it("makes spaces of line breaks and tabs between the parts, and changes nothing else", () => {
    expect(checkedJsonObject('{\r\n\t"a":\t"\\n\\t",\n "n": 9007199254740993\n}', "f")).toBe(
      '{   "a": "\\n\\t",  "n": 9007199254740993 }',
    );
  });

  it("goes out with what some readers take for the end of a line escaped, and keeps escaped surrogates", async () => {
    const text = '{"a":"\u2028\u2029\u0085","b":"\\ud800"}';
    expect(await writtenWith(checkedJsonObject(text, "f"))).toContain(
      '"arguments":{"a":"\\u2028\\u2029\\u0085","b":"\\ud800"}}}\n',
    );
    await checkHarmless(text);
  });

  it("accepts 128 levels and refuses 129", () => {
    expect(checkedJsonObject(nested(maxCallerDepth), "f")).toBe(nested(128));
    expect(() => checkedJsonObject(nested(129), "f")).toThrow("more than 128 levels");
    expect(() => checkedJsonObject(nested(200_000), "f")).toThrow("more than 128 levels");
  });
});
