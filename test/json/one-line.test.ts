import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oneLine, spacedOut } from "../../src/json/one-line.ts";
import { nextTurn, openWire } from "../jsonrpc/wire.ts";

/** The lines that a server on Node's readline reads. */
async function linesReadBy(text: string): Promise<string[]> {
  const lines: string[] = [];
  const reader = createInterface({ input: Readable.from([Buffer.from(text)]) });
  reader.on("line", (line) => lines.push(line));
  await once(reader, "close");
  return lines;
}

const breaking = fc
  .array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\u0085", "\u2028", "\u2029", "\n", "\r", "\\")))
  .map((parts) => parts.join(""));

describe("oneLine", () => {
  it("gives the same value without anything that ends a line for anyone", () => {
    fc.assert(
      fc.property(breaking, (text) => {
        const line = oneLine(JSON.stringify({ [text]: text }));
        expect(line).not.toMatch(/[\r\n\u0085\u2028\u2029]/);
        expect(JSON.parse(line)).toEqual({ [text]: text });
      }),
    );
  });

  it("gives a text back as it is when there is nothing to escape", () => {
    expect(oneLine('{"a":"é🙂\\u2028"}')).toBe('{"a":"é🙂\\u2028"}');
  });
});

describe("Connection", () => {
  it("writes requests, notifications and replies that Node's readline reads as one line each", async () => {
    const wire = openWire();
    const params = '{"text":"a\u2028b\u2029c\u0085d"}';
    void wire.connection.request("m\u2028", params);
    wire.connection.notify("n\u2029", params);
    wire.connection.respond("7", params);
    wire.connection.respondError('"\u2028"', { code: 1, message: "\u2028" });
    await nextTurn();
    const lines = await linesReadBy(wire.chunks.join(""));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 1, method: "m\u2028", params: JSON.parse(params) },
      { method: "n\u2029", params: JSON.parse(params) },
      { id: 7, result: JSON.parse(params) },
      { id: "\u2028", error: { message: "\u2028" } },
    ]);
  });
});

describe("spacedOut", () => {
  it("puts a space in the place of each raw break and tab, and leaves all else", () => {
    fc.assert(
      fc.property(breaking, (text) => {
        const whole = text.toWellFormed();
        expect(spacedOut(whole)).toBe(whole.replaceAll(/[\r\n\t]/g, " "));
      }),
    );
  });
});
