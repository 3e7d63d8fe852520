import { describe, expect, it } from "vitest";
import { checkArguments } from "../../../../src/fleet/tools/argument-check/check-arguments.ts";

const check = (schema: unknown, value: unknown) =>
  checkArguments({ schemaJson: JSON.stringify(schema), argumentsJson: JSON.stringify(value) });
const checkText = (schema: unknown, argumentsJson: string) =>
  checkArguments({ schemaJson: JSON.stringify(schema), argumentsJson });

/** The paths of what is rejected. */
function fieldsOf(result: ReturnType<typeof check>): string[] {
  if (result.kind !== "rejected") throw new Error(`expected a rejection, got ${JSON.stringify(result)}`);
  return result.violations.map(({ field }) => field);
}

const files = {
  type: "object",
  properties: {
    path: { type: "object", properties: { to: { type: "array", items: { $ref: "#/$defs/place" } } } },
    "odd name": { type: "string" },
  },
  required: ["path"],
  additionalProperties: false,
  $defs: { place: { type: "object", properties: { field: { type: "string", minLength: 2 } } } },
};

describe("checkArguments", () => {
  it("accepts what follows the schema", () => {
    expect(check(files, { path: { to: [{ field: "xy" }] }, "odd name": "" })).toEqual({ kind: "accepted" });
  });

  it.each([
    ["a wrong type deep inside", { path: { to: [{ field: 7 }] } }, ["arguments.path.to[0].field"]],
    ["a text that is too short", { path: { to: [{}, { field: "x" }] } }, ["arguments.path.to[1].field"]],
    ["a member that is missing", {}, ["arguments"]],
    ["a member that is not known", { path: {}, extra: 1 }, ["arguments.extra"]],
    ["a name that is no word", { path: {}, "odd name": 1 }, ['arguments["odd name"]']],
    ["two mistakes", { path: [], "odd name": 1 }, ["arguments.path", 'arguments["odd name"]']],
    ["names with every sign of a pointer", { path: {}, "a/b~c%25#é": 1 }, ['arguments["a/b~c%25#é"]']],
  ])("names the place of %s", (_what, value, fields) => {
    expect(fieldsOf(check(files, value))).toEqual(fields);
  });

  it("says in one sentence what each alternative lacks", () => {
    const result = check(
      { properties: { a: { anyOf: [{ type: "string" }, { type: "number", minimum: 5 }] } } },
      { a: 3 },
    );
    expect(result).toMatchObject({
      violations: [{ field: "arguments.a", description: expect.stringMatching(/anyOf.*"string".*3 is less than 5/) }],
    });
  });

  it("goes by draft 2020-12 without $schema, and by the draft that it names", () => {
    const tuple = (keyword: object) => ({ properties: { a: { type: "array", ...keyword } } });
    const inDraft = ($schema: string, schema: object) => check({ $schema, ...schema }, { a: [1] });
    expect(fieldsOf(check(tuple({ prefixItems: [{ type: "string" }] }), { a: [1] }))).toEqual(["arguments.a[0]"]);
    const old = tuple({ items: [{ type: "string" }] });
    expect(fieldsOf(inDraft("http://json-schema.org/draft-07/schema#", old))).toEqual(["arguments.a[0]"]);
    expect(fieldsOf(inDraft("https://json-schema.org/draft/2019-09/schema", old))).toEqual(["arguments.a[0]"]);
    const sibling = { properties: { a: { $ref: "#/$defs/any", type: "string" } }, $defs: { any: {} } };
    expect(fieldsOf(inDraft("https://json-schema.org/draft/2020-12/schema", sibling))).toEqual(["arguments.a"]);
    expect(inDraft("http://json-schema.org/draft-07/schema#", sibling)).toEqual({ kind: "accepted" });
  });

  it.each([
    ["an unknown draft", { $schema: "https://example.com/mine" }, /\$schema "https:\/\/example.com\/mine"/],
    ["a $schema that is no text", { $schema: { a: 1 } }, /\$schema/],
    ["a reference to elsewhere", { properties: { a: { $ref: "http://127.0.0.1:9/x.json" } } }, /Unresolved \$ref/],
    ["a reference to nowhere", { properties: { a: { $ref: "#/$defs/none" } } }, /Unresolved \$ref/],
    ["a reference to itself", { $ref: "#" }, /call stack/],
    ["a pattern that is none", { properties: { a: { pattern: "(" } } }, /regular expression/],
    ["a dynamic reference", { properties: { a: { $dynamicRef: "#m" } } }, /\$dynamicRef/],
    ["a boolean", true, /not an object/],
    ["null", null, /not an object/],
  ])("can't use a schema with %s", (_what, schema, problem) => {
    expect(check(schema, { a: "x" })).toEqual({ kind: "unsupported", problem: expect.stringMatching(problem) });
  });

  it("can't use a schema that is not there", () => {
    expect(checkArguments({ schemaJson: "", argumentsJson: "{}" }).kind).toBe("unsupported");
  });

  it("checks the formats that JSON Schema names, and passes over others", () => {
    const schema = { properties: { a: { format: "email" }, b: { format: "uint64" } } };
    expect(fieldsOf(check(schema, { a: "nobody", b: "x" }))).toEqual(["arguments.a"]);
  });

  it("rounds no number into what is allowed", () => {
    const schema = { properties: { n: { maximum: 9007199254740992 } } };
    expect(checkText(schema, '{"n":9007199254740992}')).toEqual({ kind: "accepted" });
    expect(fieldsOf(checkText(schema, '{"n":9007199254740993}'))).toEqual(["arguments.n"]);
    expect(fieldsOf(checkText({}, '{"a":[0,1e400]}'))).toEqual(["arguments.a[1]"]);
  });

  it("rejects a name that comes twice, of which the server may take the other", () => {
    expect(fieldsOf(checkText({}, '{"a":{"b":1,"b":2}}'))).toEqual(["arguments.a.b"]);
  });

  it("takes members with names of Object.prototype for what they are", () => {
    const schema = { type: "object", additionalProperties: false, required: ["toString"] };
    expect(fieldsOf(checkText(schema, "{}"))).toEqual(["arguments"]);
    expect(fieldsOf(checkText(schema, '{"__proto__":{"toString":1},"toString":1}'))).toEqual([
      "arguments.__proto__",
      "arguments.toString",
    ]);
  });

  it.each([
    [{ type: "bogus" }, {}],
    [{ properties: { a: { type: ["string", "file", "null"] } } }, { a: 1 }],
  ])("blames a type that is none on the schema: %o", (schema, value) => {
    expect(check(schema, value)).toEqual({
      kind: "unsupported",
      problem: expect.stringMatching(/no type "(bogus|file)"/),
    });
    expect(fieldsOf(check({ properties: { a: { type: ["string", "null"] } } }, { a: 1 }))).toEqual(["arguments.a"]);
  });
});
