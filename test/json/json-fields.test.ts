import { describe, expect, it } from "vitest";
import { JsonFields } from "../../src/json/json-fields.ts";

describe("JsonFields", () => {
  it("lets the last of repeated names win, as JSON.parse does", () => {
    const fields = JsonFields.of('{"a":1,"b":2,"a":3}');
    expect(fields?.raw("a")).toBe("3");
  });

  it("gives values as they were written", () => {
    const fields = JsonFields.of('{"n": 9007199254740993 , "o":{ "x" : 1e400 }}');
    expect(fields?.raw("n")).toBe("9007199254740993");
    expect(fields?.raw("o")).toBe('{ "x" : 1e400 }');
    expect(fields?.raw("missing")).toBeUndefined();
  });

  it("decodes strings, and nothing else as a string", () => {
    const fields = JsonFields.of('{"s":"a\\u00e9\\n","lone":"\\ud800","n":1,"__proto__":"p"}');
    expect(fields?.string("s")).toBe("aé\n");
    expect(fields?.string("lone")).toBe("\ud800");
    expect(fields?.string("n")).toBeUndefined();
    expect(fields?.string("missing")).toBeUndefined();
    expect(fields?.string("__proto__")).toBe("p");
    expect(fields?.raw("constructor")).toBeUndefined();
  });

  it("keeps the raw text of all other members in rest, repeated names included", () => {
    const fields = JsonFields.of('{"type":"x","big":9007199254740993,"d":1.0,"d":2,"\\ud800":{"k" :"\\/"}}');
    expect(fields?.rest(new Set(["type"]))).toBe('{"big":9007199254740993,"d":1.0,"d":2,"\\ud800":{"k" :"\\/"}}');
  });

  it("has an empty rest when nothing is left", () => {
    expect(JsonFields.of('{"a":1}')?.rest(new Set(["a"]))).toBe("");
    expect(JsonFields.of("{}")?.rest(new Set())).toBe("");
  });

  it.each(["", "[]", "null", '"a"', '{"a":1', '{"a":1}x'])("is undefined for %j, which is no object", (text) => {
    expect(JsonFields.of(text)).toBeUndefined();
  });
});
