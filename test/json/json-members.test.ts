import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayElements, eachMember, objectMembers } from "../../src/json/json-members.ts";
import { JsonSyntaxError } from "../../src/json/json-scan.ts";
import { anyText, jsonText, offsetOf, parsed } from "./json-text.ts";

describe("objectMembers", () => {
  it("gives each member's decoded name and the text of its value", () => {
    expect(objectMembers(' { "a" : 1.50 , "\\u0062":{"x":[ ]}, "a":"\\/" } ')).toEqual([
      { name: "a", value: "1.50" },
      { name: "b", value: '{"x":[ ]}' },
      { name: "a", value: '"\\/"' },
    ]);
    expect(objectMembers(" { } ")).toEqual([]);
  });

  it("gives values whose texts parse to what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (object) => {
        const members = objectMembers(JSON.stringify(object, undefined, 1));
        expect(members.map(({ name, value }) => [name, JSON.parse(value)])).toEqual(
          Object.entries(JSON.parse(JSON.stringify(object))),
        );
      }),
    );
  });

  it("refuses what is not one whole object", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const value = parsed(text)?.value;
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        expect(offsetOf(() => objectMembers(text)) === undefined).toBe(isObject);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes 10,000 members and stops at the next", () => {
    const members = (count: number) => Array.from({ length: count }, () => '"a":1').join(",");
    expect(objectMembers(`{${members(10_000)}}`)).toHaveLength(10_000);
    expect(offsetOf(() => objectMembers(`{${members(1_000_000)}}`))).toBe(60_001);
  });
});

describe("eachMember", () => {
  it("gives the members before a syntax error", () => {
    const names: string[] = [];
    expect(
      offsetOf(() => {
        eachMember('{"id":1,"x":[],"y":oops}', (name) => names.push(name));
      }),
    ).toBe(19);
    expect(names).toEqual(["id", "x"]);
  });
});

describe("arrayElements", () => {
  it("gives the texts of the elements", () => {
    expect(arrayElements(' [ 1.0 , {"a": 2}, "x" ] ')).toEqual(["1.0", '{"a": 2}', '"x"']);
    expect(arrayElements("[ ]")).toEqual([]);
  });

  it("gives texts that parse to what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.array(jsonText), (texts) => {
        expect(arrayElements(`[${texts.join(" , ")}]`)).toEqual(texts);
      }),
    );
  });

  it.each(["", "{}", "[1", "[1,]", "[,]", "[1]x", "[1 2]"])("refuses %j", (text) => {
    expect(() => arrayElements(text)).toThrow(JsonSyntaxError);
  });
});
