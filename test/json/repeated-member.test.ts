import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayElements, objectMembers } from "../../src/json/json-members.ts";
import { repeatedMember } from "../../src/json/repeated-member.ts";
import { jsonText } from "./json-text.ts";

describe("repeatedMember", () => {
  it.each([
    ['{"a":1,"a":2}', ["a"]],
    ['{"a":{"b":1},"c":[0,true,{"d":1,"e":[],"d":2}]}', ["c", 2, "d"]],
    ['{"a":"\\"b\\":1,","b":{},"\\u0061":null}', ["a"]],
    ['[[],{"x":[1,2]},{"__proto__":1,"__proto__":2}]', [2, "__proto__"]],
    ['{"":1, "" : 2}', [""]],
  ])("in %s is at %j", (text, path) => {
    expect(repeatedMember(text, JSON.parse(text))).toEqual(path);
  });

  it.each(['{"a":{"a":{"a":1}},"b":{"a":1}}', '[{"a":1},{"a":1}]', '{"a":"a","b":"a"}', "7", '"{}"'])(
    "finds none in %s",
    (text) => {
      expect(repeatedMember(text, JSON.parse(text))).toBeUndefined();
    },
  );

  it("agrees with a count of every object's members, whatever was repeated", () => {
    const twice = fc
      .tuple(jsonText, fc.nat(), fc.constantFrom("a", "\\u0061", ""))
      .map(([text, at, name]) => {
        const braces = [...text.matchAll(/\{/g)].map(({ index }) => index);
        const brace = braces[at % Math.max(1, braces.length)];
        // Inside a string this breaks nothing but the text, which may then be no JSON.
        return brace === undefined
          ? text
          : `${text.slice(0, brace + 1)}"${name}":0${text[brace + 1] === "}" ? "" : ","}${text.slice(brace + 1)}`;
      })
      .filter(isJson);
    fc.assert(
      fc.property(fc.oneof(jsonText, twice), (text) => {
        expect(repeatedMember(text, JSON.parse(text)) !== undefined).toBe(repeatsByCount(text));
      }),
      { numRuns: 2000 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function repeatsByCount(text: string): boolean {
  const start = text.trimStart()[0];
  if (start === "[") return arrayElements(text).some(repeatsByCount);
  if (start !== "{") return false;
  const members = objectMembers(text);
  return new Set(members.map(({ name }) => name)).size < members.length || members.some((m) => repeatsByCount(m.value));
}
