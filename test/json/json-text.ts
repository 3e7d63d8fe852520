import fc from "fast-check";
import { JsonSyntaxError } from "../../src/json/json-scan.ts";

/** Pieces that break JSON, or nearly do. */
const shards = [
  ...'{}[]:,"\\-+.eE0123456789 \t\n\r\u2028\u0000\u000f\u0010\u001f\u007f\ufeff\u00a0',
  "\\u",
  "\\ud800",
  "\\x",
  "\ud800",
  "true",
  "nul",
  "null",
  "01",
  "1.",
  ".5",
  "1e",
  "NaN",
  "/**/",
  '{"a":1}',
  '}}\n{"jsonrpc":"2.0","id":1,"method":"x"}',
];

/** The text of any JSON value, with any indentation and line breaks. */
export const jsonText = fc
  .tuple(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom("", " ", "\t"), fc.constantFrom("\n", "\r\n"))
  .map(([value, indent, lineBreak]) => JSON.stringify(value, undefined, indent).replaceAll("\n", lineBreak));

/** JSON text with something cut out of it and something put in: mostly broken, often only just. */
export const mutatedText = fc
  .tuple(jsonText, fc.nat(), fc.integer({ min: 0, max: 3 }), fc.array(fc.constantFrom(...shards), { maxLength: 3 }))
  .map(([text, at, cut, put]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + put.join("") + text.slice(start + cut);
  });

/** Text made of the pieces that JSON is made of. */
export const shardText = fc.array(fc.constantFrom(...shards), { maxLength: 12 }).map((parts) => parts.join(""));

/** Lengths on both sides of where strings are read in another way. */
const longLength = fc.oneof(fc.nat(140), fc.integer({ min: 1000, max: 2300 }));

/** A string so long that it is not read character by character, with something in it that may end it. */
export const longStringText = fc
  .tuple(longLength, fc.constantFrom("x", "é", "\u2028", "🙂"), fc.constantFrom(...shards), longLength)
  .map(([before, char, shard, after]) => `"${char.repeat(before)}${shard}${char.repeat(after)}"`);

export const anyText = fc.oneof(jsonText, mutatedText, shardText, longStringText, fc.string({ unit: "binary" }));

/** What JSON.parse makes of a text; undefined when it refuses. */
export function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Where a text stops being what the work takes; undefined when it does not. */
export function offsetOf(work: () => unknown): number | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.offset;
    throw error;
  }
}
