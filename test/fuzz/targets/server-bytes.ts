import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { Connection } from "../../../src/jsonrpc/connection.ts";
import { anyText, jsonText } from "../../json/json-text.ts";
import { nextTurn } from "../../jsonrpc/wire.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { type JsonTree, jsonTree, jsonTreeOrNone } from "../json-tree.ts";
import { splits } from "../splits.ts";

const firstId = 5;
const calls = 3;
const maxLineBytes = 200;
const anyLineBreak = /\r\n|[\n\r\u0085\u2028\u2029]/;

const id = fc.constantFrom("5", "6", "7", "8", '"5"', "5.0", "60e-1", '"07"', "null", "-1");
const outcome = fc.oneof(
  jsonText.map((value) => `"result":${value}`),
  fc.string().map((message) => `"error":{"code":-32601,"message":${JSON.stringify(message)}}`),
);
const message = fc.oneof(
  fc.tuple(id, outcome).map(([given, part]) => `{"id":${given},${part}}`),
  fc.tuple(id, outcome).map(([given, part]) => `{"jsonrpc":"2.0","id":${given},${part}}`),
  fc.tuple(id, outcome).map(([given, part]) => `{${part},"id":${given},"jsonrpc":"2.0"}`),
  fc
    .tuple(id, fc.constantFrom("ping", "roots/list"))
    .map(([given, method]) => `{"jsonrpc":"2.0","id":${given},"method":"${method}"}`),
  jsonText.map((params) => `{"jsonrpc":"2.0","method":"notifications/message","params":${params}}`),
);
const line = fc.oneof(
  { arbitrary: message, weight: 6 },
  fc.array(message, { maxLength: 4 }).map((messages) => `[${messages.join(",")}]`),
  fc.nat(400).map((length) => `{"jsonrpc":"2.0","id":6,"result":"${"x".repeat(length)}"}`),
  anyText,
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\n", "\r\n", "")), { maxLength: 6 })
  .map((lines) => Buffer.from(lines.flat().join("")).toString("latin1"));

/** A server's bytes, in chunks: nothing throws, no call gets what is not its own, and where they are cut means nothing. */
export const serverBytes: FuzzTarget = {
  name: "server-bytes",
  shape: "chunks",
  cases: fc.tuple(stream, fc.array(fc.nat(600), { maxLength: 4 })).map(([bytes, cuts]) => {
    const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    return places.slice(1).map((end, index) => bytes.slice(places[index], end));
  }),
  dictionary: [
    "\n",
    "\r\n",
    "\xef\xbb\xbf",
    "\xff",
    "\xc3",
    '{"jsonrpc":"2.0","id":5,"result":{}}\n',
    '"id":6,',
    '"error":null,',
    "[",
    "]",
    "{",
    "}",
    '"',
    ",",
    "\u0000",
    "x".repeat(maxLineBytes),
    '"method":"ping",',
    '{"jsonrpc":"2.0","id":',
  ],
  async check(input) {
    const bytes = Buffer.from(input.join(""), "latin1");
    const [expected, ...others] = await Promise.all(
      splits(input).map(async ({ how, chunks }) => ({ how, seen: await received(chunks) })),
    );
    for (const { how, seen } of others) assert.deepEqual(seen, expected?.seen, how);
    checkOwnership(bytes, expected?.seen.settled ?? []);
  },
};

type Settled = "pending" | { readonly result: string } | { readonly code: number } | { readonly reason: string };

/** All that a connection with three calls under way makes of these chunks. */
async function received(chunks: readonly Buffer[]) {
  const events: unknown[] = [];
  const written: Buffer[] = [];
  const connection = new Connection({
    write: (chunk) => written.push(Buffer.from(chunk)) > 0,
    firstId,
    // However long the machine takes.
    quietMs: 1 << 30,
    limits: { maxLineBytes, maxQueuedChars: 1 << 16 },
    listener: {
      notification: (method, params) => events.push(["notification", method, params]),
      request: ({ id: theirs, method, params }) => {
        events.push(["request", theirs, method, params]);
        connection.respond(theirs, "{}");
      },
      noise: (noise, note) => events.push(["noise", noise.toString("latin1"), note?.truncated ?? false]),
      unclaimedReply: () => events.push(["late"]),
    },
  });
  const settled: Settled[] = Array.from({ length: calls }, () => "pending");
  for (const index of settled.keys()) {
    connection.request("m", "{}").then(
      (reply) => {
        settled[index] = "result" in reply ? { result: reply.result } : { code: reply.error.code };
      },
      (error: unknown) => {
        assert.ok(error instanceof ManagerError);
        settled[index] = { reason: error.details.reason };
      },
    );
  }
  await nextTurn();
  for (const chunk of chunks) {
    // The caller's buffer is its own again afterwards.
    const lent = Buffer.from(chunk);
    connection.receive(lent);
    lent.fill(0);
  }
  await nextTurn();
  checkResponses(Buffer.concat(written).toString());
  connection.endOfInput();
  await nextTurn();
  const outcome = { settled: [...settled], events };
  connection.end({ reason: "SERVER_EXITED", message: "over" });
  return outcome;
}

/** What was written is our calls and one response for each request, one a line. */
function checkResponses(written: string): void {
  const lines = written.split(anyLineBreak);
  assert.equal(lines.pop(), "");
  const messages = lines.map((text) => JSON.parse(text));
  assert.deepEqual(
    messages.slice(0, calls).map((one) => one.id),
    [5, 6, 7],
  );
  for (const response of messages.slice(calls)) assert.deepEqual(response.result, {});
}

/**
 * A call has a result, an error or a failure only by what says so, be it a part of a line, or over several lines. A line
 * that is its reply and nothing else ends it.
 */
function checkOwnership(bytes: Buffer, settled: readonly Settled[]): void {
  const lines = linesOf(bytes);
  const says = (own: readonly FoundReply[], id: number, isIt: (reply: FoundReply) => boolean) =>
    own.some(isIt) || repliesWithin(bytes).some((reply) => (reply.id === id || reply.id === undefined) && isIt(reply));
  for (const [index, outcome] of settled.entries()) {
    const id = firstId + index;
    const own = lines.flatMap(repliesOf).filter((reply) => reply.id === id);
    if (outcome === "pending") {
      // One without an outcome fails its call, unless the end of input cut it off.
      const whole = own.filter(({ isError, result }) => isError || result !== undefined);
      assert.deepEqual(whole, []);
    } else if ("result" in outcome) {
      const tree = jsonTree(outcome.result);
      assert.ok(says(own, id, (reply) => reply.id === id && reply.result !== undefined && isSame(reply.result, tree)));
    } else if ("code" in outcome) assert.ok(says(own, id, ({ isError }) => isError));
    else if (outcome.reason === "RESULT_TOO_LARGE") assert.ok(lines.some(isOversizedReply) || isSpread(lines));
    else {
      assert.equal(outcome.reason, "MALFORMED_REPLY");
      const broken = lines.some((text) => text.includes(String(id)) && isBroken(text));
      assert.ok(broken || repliesWithin(bytes).some((reply) => reply.id === undefined));
    }
  }
}

/** Of a line that is JSON it is known whether it has the members of a reply. */
function isOversizedReply(text: string): boolean {
  if (text.length <= maxLineBytes) return false;
  const tree = treeOf(text);
  return tree === undefined || hasMember(tree, "result") || hasMember(tree, "error");
}

/** Several lines may be one message, which is too long then. */
function isSpread(lines: readonly string[]): boolean {
  return lines.length > 2 && lines.join("\n").length >= maxLineBytes;
}

/** Neither a whole reply nor another whole message: not UTF-8, not JSON, or without an outcome. */
function isBroken(text: string): boolean {
  if (text.length > maxLineBytes) return false;
  const tree = treeOf(text);
  if (tree === undefined) return true;
  const messages: readonly JsonTree[] = Array.isArray(tree) ? tree : [tree];
  return messages.some((one) => !hasMember(one, "result") && !hasMember(one, "method", '"'));
}

/** Whether an object has a member whose value, unless it is an object or an array, begins so. */
function hasMember(tree: JsonTree, name: string, start = ""): boolean {
  if (typeof tree !== "object" || !("object" in tree)) return false;
  const value = new Map(tree.object).get(name);
  return value !== undefined && (typeof value === "string" ? value.startsWith(start) : start === "");
}

/** What a line is as JSON, if it is UTF-8 and JSON. */
function treeOf(text: string): JsonTree | undefined {
  const bytes = Buffer.from(text.replace(/^\xef\xbb\xbf/, "").replace(/\r$/, ""), "latin1");
  return isUtf8(bytes) ? jsonTreeOrNone(bytes.toString()) : undefined;
}

function isSame(a: JsonTree, b: JsonTree): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The lines as Latin-1. */
function linesOf(bytes: Buffer): string[] {
  return bytes.toString("latin1").split("\n");
}

interface FoundReply {
  /** Undefined: null, not there, or none that a manager gives. */
  readonly id: number | undefined;
  readonly result?: JsonTree;
  readonly isError: boolean;
}

/** The replies of a line, by JSON.parse alone. */
function repliesOf(text: string): FoundReply[] {
  const bytes = Buffer.from(text.replace(/^\xef\xbb\xbf/, ""), "latin1");
  if (text.length > maxLineBytes || !isUtf8(bytes)) return [];
  const source = bytes.toString();
  const tree = treeOf(text) ?? beginningOfBatch(source);
  const elements: readonly JsonTree[] = Array.isArray(tree) ? tree : tree === undefined ? [] : [tree];
  const found: FoundReply[] = [];
  for (const element of elements) {
    if (typeof element !== "object" || !("object" in element)) break;
    const fields = new Map(element.object);
    const isBare = [...fields.keys()].every((name) => ["id", "result", "error"].includes(name));
    if (fields.get("jsonrpc") !== '"2.0"' && !isBare) break;
    const given = fields.get("id");
    const method = fields.get("method");
    if (typeof method === "string" && method.startsWith('"')) continue;
    const number = integerOf(given);
    if (number === undefined && isBare) break;
    if (number === undefined) continue;
    const error = fields.get("error");
    const isError = error !== undefined && error !== "null";
    const result = isError ? undefined : fields.get("result");
    if (isBare && !isError && result === undefined) break;
    found.push({ id: number, isError, ...(result === undefined ? {} : { result }) });
  }
  return found;
}

/** The integer that an id denotes, as a number or as text. */
function integerOf(id: JsonTree | undefined): number | undefined {
  if (typeof id !== "string" || !/^(?:-?[0-9]+e[0-9]+|"(?:0|[1-9][0-9]{0,14})")$/.test(id)) return undefined;
  const number = Number(id.replaceAll('"', ""));
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Whatever can be cut out of the bytes that is an object with an outcome. */
function repliesWithin(bytes: Buffer): FoundReply[] {
  const text = bytes.toString();
  const found: FoundReply[] = [];
  for (let start = text.indexOf("{"); start !== -1; start = text.indexOf("{", start + 1)) {
    for (let end = text.indexOf("}", start); end !== -1; end = text.indexOf("}", end + 1)) {
      const tree = jsonTreeOrNone(text.slice(start, end + 1));
      if (tree === undefined || typeof tree !== "object" || !("object" in tree)) continue;
      const fields = new Map(tree.object);
      const given = integerOf(fields.get("id"));
      const id = given === undefined || given < 1 ? undefined : given;
      const isError = (fields.get("error") ?? "null") !== "null";
      const result = isError ? undefined : fields.get("result");
      if (isError || result !== undefined) found.push({ id, isError, ...(result === undefined ? {} : { result }) });
      break;
    }
  }
  return found;
}

/** The messages of a batch count up to where it stops being JSON. */
function beginningOfBatch(source: string): JsonTree | undefined {
  if (!/^\s*\[/.test(source)) return undefined;
  for (let end = source.lastIndexOf("}"); end > 0; end = source.lastIndexOf("}", end - 1)) {
    const tree = jsonTreeOrNone(`${source.slice(0, end + 1)}]`);
    if (tree !== undefined) return tree;
  }
  return undefined;
}
