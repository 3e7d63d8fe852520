import assert from "node:assert/strict";
import fc from "fast-check";
import { Connection, type Reply } from "../../../src/jsonrpc/connection.ts";
import { anyText, jsonText } from "../../json/json-text.ts";
import { nextTurn } from "../../jsonrpc/wire.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { jsonTree, jsonTreeOrNone } from "../json-tree.ts";

/** Such a number is in no text by chance. */
const firstId = 734_501_905;
const calls = 3;
const request = '"method":"tools/call","params":{"name":"x"}';

/** How servers write a reply; each says that it is one, and to what. */
const ways: Readonly<Record<string, (id: number, value: string) => string>> = {
  plain: (id, value) => `{"jsonrpc":"2.0","id":${id},"result":${value}}`,
  "id last": (id, value) => `{"result":${value},"jsonrpc":"2.0","id":${id}}`,
  "id as text": (id, value) => `{"jsonrpc":"2.0","id":"${id}","result":${value}}`,
  "version as a number": (id, value) => `{"jsonrpc":2.0,"id":${id},"result":${value}}`,
  "further members": (id, value) => `{"jsonrpc":"2.0","time":5,"id":${id},"result":${value},"level":"info"}`,
  "null members": (id, value) => `{"jsonrpc":"2.0","id":${id},"method":null,"error":null,"result":${value}}`,
  "request repeated": (id, value) => `{"jsonrpc":"2.0","id":${id},${request},"result":[${value}]}`,
  "behind a notification": (id, value) =>
    `{"jsonrpc":"2.0","method":"n","params":{}}{"jsonrpc":"2.0","id":${id},"result":${value}}`,
  "behind half a notification": (id, value) =>
    `{"jsonrpc":"2.0","method":"notifi{"jsonrpc":"2.0","id":${id},"result":${value}}`,
  "behind half a reply": (id, value) => `{"jsonrpc":"2.0","id":${id + 2}{"jsonrpc":"2.0","id":${id},"result":${value}}`,
  "before another reply": (id, value) =>
    `{"jsonrpc":"2.0","id":${id},"result":${value}} {"jsonrpc":"2.0","id":${id + 1},"result":{}}`,
  "printed for people": (id, value) => `{\n  "jsonrpc": "2.0",\n  "id": ${id},\n  "result":\n    ${value}\n}`,
  "broken open": (id, value) => `{"jsonrpc": "2.0", "id": ${id}, "result": {\n"value": [\n${value}\n]\n}\n}`,
  "in a batch": (id, value) => `[7,{"level":"info"},{"jsonrpc":"2.0","id":${id},"result":${value}}]`,
};
const names = Object.keys(ways);

const around = fc.oneof(
  fc.constantFrom("", "", "\x1b[1;32m", "\x1b[0m", "Loading… ", "data: ", "[INFO] ", "> ", "\ufeff", "5: ", "}", '"'),
  fc.constantFrom('{"level":"info"}', '{"jsonrpc":"2.0","method":"n"}', "[", "{", ",", '{"sent":', "\n", "{\n"),
  fc.string({ maxLength: 12 }),
);

/**
 * Texts: the way of writing, what is before the reply on its line, what is after it, the result. Every line with the id
 * of a call under way ends the call, or can be read in Logs or in what else the server said. What is plainly the reply
 * settles the call.
 */
export const nearReplies: FuzzTarget = {
  name: "near-replies",
  shape: "fixed",
  cases: fc.tuple(fc.constantFrom(...names), around, around, fc.oneof({ arbitrary: jsonText, weight: 4 }, anyText)),
  dictionary: [
    `${firstId}`,
    `{"jsonrpc":"2.0","id":${firstId},"result":{}}`,
    `{"jsonrpc":"2.0","id":${firstId + 1},"error":{"code":1}}`,
    `,"id":${firstId}}`,
    '{"jsonrpc":"2.0","id":null,"error":{}}',
    '"method":"ping",',
    "\n",
    "\x1b[0m",
    "{",
    "}",
    "[",
    "]",
    '"',
    ",",
    ":",
    "\\",
  ],
  async check([name = "", before = "", behind = "", value = ""]) {
    const way = names.includes(name) ? name : (names[name.length % names.length] ?? "plain");
    const reply = ways[way]?.(firstId, value) ?? "";
    const bytes = Buffer.from(`${before}${reply}${behind}\n`);
    const { settled, heard } = await received(bytes);
    for (const [index, outcome] of settled.entries()) {
      const id = String(firstId + index);
      const said = bytes.toString().includes(id);
      assert.ok(
        outcome !== undefined || !said || heard.some((text) => text.includes(id)),
        `${id} is without consequence`,
      );
    }
    if (!isPlain(way, { before, behind, value })) return;
    const [first] = settled;
    assert.ok(first !== undefined && "result" in first, "a reply that is plainly a call's does not settle it");
    const expected = JSON.stringify(jsonTree(value));
    assert.ok(JSON.stringify(jsonTree(first.result)).includes(expected));
  },
};

/** Whether nothing on the line is in the way of the reply. */
function isPlain(way: string, { before, behind, value }: Record<"before" | "behind" | "value", string>): boolean {
  if (!(before + behind + value).isWellFormed() || jsonTreeOrNone(value) === undefined) return false;
  if (/[\r\n]/.test(value)) return false;
  const isSpread = ["printed for people", "broken open"].includes(way);
  // A line that is a message by itself is no part of another one.
  if (isSpread && value.includes("jsonrpc")) return false;
  if (isSpread || way === "in a batch") return before + behind === "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour.
  const blank = /^(?:\x1b\[[0-9;]*m| )*$/;
  const text = /^[^{}[\]",\n\r]*$/;
  const [isBare, several] = [way === "request repeated", /^be(?:hind|fore) /.test(way)];
  if (blank.test(before) && blank.test(behind)) return true;
  if (isBare || several) return false;
  return (blank.test(before) && text.test(behind)) || (text.test(before) && blank.test(behind));
}

/** What becomes of the calls, and all else that can be heard of the bytes. */
async function received(bytes: Buffer) {
  const heard: string[] = [];
  const connection = new Connection({
    write: () => true,
    firstId,
    // However long the machine takes.
    quietMs: 1 << 30,
    limits: { maxLineBytes: 1 << 16, maxQueuedChars: 1 << 16 },
    listener: {
      notification: (method, params) => heard.push(method, params),
      request: ({ id, method, params }) => heard.push(id, method, params),
      noise: (line) => heard.push(line.toString()),
      unclaimedReply: () => {},
    },
  });
  const settled: (Reply | { readonly failure: unknown } | undefined)[] = Array.from({ length: calls }, () => undefined);
  for (const index of settled.keys()) {
    connection.request("m", "{}").then(
      (reply) => {
        settled[index] = reply;
        heard.push("result" in reply ? reply.result : JSON.stringify(reply.error));
      },
      (failure: unknown) => {
        settled[index] = { failure };
      },
    );
  }
  await nextTurn();
  connection.receive(bytes);
  await nextTurn();
  const outcome = [...settled];
  // What was begun is shown once no more can come of it.
  connection.endOfInput();
  connection.end({ reason: "SERVER_EXITED", message: "over" });
  await nextTurn();
  return { settled: outcome, heard };
}
