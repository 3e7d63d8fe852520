import assert from "node:assert/strict";
import { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { type CallToolResponse, CallToolResponseSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import type { Era } from "../../../src/base/spec/spec.ts";
import { readToolResult } from "../../../src/mcp/features/tools/tool-result.ts";
import { resultToProto } from "../../../src/rpc/convert/result-to-proto.ts";
import { anyText, jsonText } from "../../json/json-text.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { jsonTreeOrNone } from "../json-tree.ts";
import { plainResult, resultJson } from "../result-json.ts";

const delicate = fc.constantFrom(
  "9007199254740993",
  "1e400",
  "-0",
  "1.0",
  "0.1",
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1}}',
  '"\\ud800"',
  '"\\u00a0\\u200d"',
  `${"[".repeat(31)}${"]".repeat(31)}`,
  "null",
  '""',
);
const value = fc.oneof(jsonText, delicate);
const string = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom('""', '"u"', '"AA=="', '"AB=="', '"AP8="', '"image/png"'),
);
const member = (name: string, values: fc.Arbitrary<string>) => values.map((text) => `${JSON.stringify(name)}:${text}`);
const odd = fc.oneof({ arbitrary: string, weight: 6 }, value);

/** An object of these members, some of them missing, in any order, some of them twice. */
function objectOf(members: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.array(fc.oneof(...members), { maxLength: members.length + 2 }).map((parts) => `{${parts.join(",")}}`);
}

const extras = [member("annotations", value), member("_meta", value), member("x", value)];
const kinds = fc.constantFrom('"text"', '"image"', '"audio"', '"resource_link"', '"resource"', '"hologram"');
const resource = objectOf([
  member("uri", odd),
  member("mimeType", odd),
  member("text", odd),
  member("blob", odd),
  ...extras,
]);
const block = objectOf([
  member("type", kinds),
  member("type", kinds),
  member("text", odd),
  member("data", odd),
  member("mimeType", odd),
  member("uri", odd),
  member("name", odd),
  member("title", odd),
  member("size", fc.oneof(fc.nat().map(String), value)),
  member("resource", fc.oneof(resource, value)),
  ...extras,
]);
const content = fc
  .array(fc.oneof({ arbitrary: block, weight: 6 }, value), { maxLength: 4 })
  .map((blocks) => `[${blocks.join(" , ")}]`);
const result = objectOf([
  member("content", content),
  member("content", content),
  member("structuredContent", value),
  member("isError", fc.oneof(fc.constantFrom("true", "false"), value)),
  member("resultType", fc.oneof(fc.constantFrom('"complete"', '"input_required"'), value)),
  member("inputRequests", value),
  member("requestState", fc.oneof(string, value)),
  ...extras,
]);

/** One text, a tool's result: its typed form, over the wire and put back together, is what the server said. */
export const typedResult: FuzzTarget = {
  name: "typed-result",
  shape: "fixed",
  cases: fc.oneof({ arbitrary: result, weight: 8 }, anyText).map((text) => [text]),
  dictionary: [
    '"type":"text",',
    '"type":"image",',
    '"text":"x",',
    '"data":"AA==",',
    '"mimeType":"m",',
    '"annotations":{},',
    '"isError":true,',
    '"structuredContent":',
    "9007199254740993",
    "1e400",
    "-0.0",
    "\\ud800",
    '"__proto__":',
    "[",
    "]",
    "{",
    "}",
    ",",
    '"',
    "null",
  ],
  check([text = ""]) {
    // The line was proven before: what is no JSON or was no UTF-8 never comes here.
    const tree = text.isWellFormed() ? jsonTreeOrNone(text) : undefined;
    if (tree === undefined) return;
    for (const era of ["legacy", "modern"] as const) {
      const response = typed(text, era);
      if (response === undefined) {
        assert.ok(typeof tree !== "object" || !("object" in tree) || breaksMcp(new Map(tree.object), era));
        continue;
      }
      const expected = plainResult(text);
      for (const copy of overTheWire(response)) assert.deepEqual(plainResult(resultJson(copy)), expected);
    }
  },
};

function breaksMcp(members: ReadonlyMap<string, unknown>, era: Era): boolean {
  const given = members.get("resultType") ?? "null";
  const kind = given === "null" ? '"complete"' : given;
  if (era === "legacy" || kind === '"complete"') return false;
  return kind !== '"input_required"' || !isState(members.get("requestState"));
}

function isState(state: unknown): boolean {
  if (state === undefined || state === "null") return true;
  return typeof state === "string" && state.startsWith('"') && (JSON.parse(state) as string).isWellFormed();
}

function typed(text: string, era: Era): CallToolResponse | undefined {
  try {
    return resultToProto(readToolResult(text, era), "typed");
  } catch (error) {
    assert.ok(error instanceof ManagerError && error.kind === "protocol", String(error));
    return undefined;
  }
}

/** In both encodings. */
function overTheWire(response: CallToolResponse): CallToolResponse[] {
  const json = JSON.stringify(toJson(CallToolResponseSchema, response));
  return [
    fromBinary(CallToolResponseSchema, toBinary(CallToolResponseSchema, response)),
    fromJson(CallToolResponseSchema, JSON.parse(json)),
  ];
}
