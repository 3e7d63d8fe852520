import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonDigest } from "../../src/json/json-digest.ts";

/** The value's text with its members in a random order and spaces between its parts. */
function rewritten(value: unknown, random: () => number): string {
  const space = () => " \n\t".slice(0, Math.floor(random() * 4));
  const list = (parts: string[]) => parts.map((part) => space() + part + space()).join(",");
  if (Array.isArray(value)) return `[${list(value.map((item) => rewritten(item, random)))}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, item]) => `${JSON.stringify(name)}${space()}:${rewritten(item, random)}`,
  );
  return `{${list(shuffled(members, random))}}`;
}

function shuffled<T>(items: T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

describe("jsonDigest", () => {
  it("is the same for a value whose members come in another order, with other spaces", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.99, noNaN: true })),
        (value, stream) => {
          const random = () => stream.next().value as number;
          expect(jsonDigest(rewritten(value, random))).toBe(jsonDigest(JSON.stringify(value)));
        },
      ),
    );
  });

  it("is another for another value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue({ maxDepth: 5 }), (a, b) => {
        const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
        fc.pre(JSON.stringify(sorted(a)) !== JSON.stringify(sorted(b)));
        expect(jsonDigest(left)).not.toBe(jsonDigest(right));
      }),
    );
  });

  it.each([
    ["numbers that a double makes equal", "9007199254740993", "9007199254740992"],
    ["a number and its text", "1", '"1"'],
    ["the order of items", "[1,2]", "[2,1]"],
    ["which of two members of a name is the last", '{"a":1,"a":2}', '{"a":2,"a":1}'],
    ["where a level ends", '{"a":{"b":1},"c":2}', '{"a":{"b":1,"c":2}}'],
    ["a literal", "[true,null]", "[false,null]"],
    [
      "a string that looks like a digest",
      JSON.stringify(`#${"x".repeat(70)}`),
      JSON.stringify(`["${"x".repeat(70)}"]`),
    ],
    ["one character far inside", `{"a":[{"b":"${"x".repeat(100)}"}]}`, `{"a":[{"b":"${"x".repeat(99)}y"}]}`],
  ])("tells %s", (_what, one, other) => {
    expect(jsonDigest(one)).not.toBe(jsonDigest(other));
  });

  it("takes what is 100,000 levels deep", () => {
    expect(jsonDigest("[".repeat(100_000) + "]".repeat(100_000))).toHaveLength(44);
  });
});

describe("jsonDigest of more values than a structure may have", () => {
  const rest = ",1".repeat(100_000);

  it.each([
    ["spaces", `[ "a \\" b\\\\" ,\n"ü"\t${rest} ]`, `["a \\" b\\\\","ü"${rest}]`],
    ["spaces around names", `{ "a" : [1${rest}] }`, `{"a":[1${rest}]}`],
  ])("does not tell %s", (_what, one, other) => {
    expect(jsonDigest(one)).toBe(jsonDigest(other));
  });

  it.each([
    ["spaces in strings", `["a  b"${rest}]`, `["a b"${rest}]`],
    ["the order of members, which is its caller's own", `{"a":1,"b":[1${rest}]}`, `{"b":[1${rest}],"a":1}`],
    ["the last value", `[1${rest}]`, `[1${rest.slice(0, -1)}2]`],
  ])("tells %s", (_what, one, other) => {
    expect(jsonDigest(one)).not.toBe(jsonDigest(other));
  });
});

/** With members in the order of their names. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => [name, sorted(item)]);
}
