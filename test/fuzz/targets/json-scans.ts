import assert from "node:assert/strict";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { checkedJsonObject, maxCallerDepth } from "../../../src/json/caller-json.ts";
import { JsonFields } from "../../../src/json/json-fields.ts";
import { arrayElements, type JsonMember, objectMembers } from "../../../src/json/json-members.ts";
import { expectEnd, JsonSyntaxError, scanValue } from "../../../src/json/json-scan.ts";
import { mayBeMessage, parseLine } from "../../../src/jsonrpc/message.ts";
import { anyText } from "../../json/json-text.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { type JsonTree, jsonTree, jsonTreeOrNone } from "../json-tree.ts";

/**
 * One text. Each scan takes what JSON.parse takes, and finds in it what JSON.parse finds. The differences, which are
 * meant: an object of more than 10,000 members is refused, and a caller's more than 128 levels and unpaired surrogates.
 */
export const jsonScans: FuzzTarget = {
  name: "json-scans",
  shape: "fixed",
  cases: anyText.map((text) => [text]),
  dictionary: [
    '"',
    "\\",
    "\\u",
    "\\ud800",
    "\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "-",
    ".",
    "e+",
    "1e400",
    "true",
    "null",
    "\ufeff",
    "\u00a0",
    "\n",
    '"a":',
    '"__proto__":',
    '"jsonrpc":"2.0",',
    '"id":1,',
    '"result":',
    '"method":"m",',
  ],
  check([text = ""]) {
    const tree = jsonTreeOrNone(text);
    const members = typeof tree === "object" && "object" in tree ? tree.object : undefined;
    const elements = Array.isArray(tree) ? (tree as readonly JsonTree[]) : undefined;
    assert.equal(accepted(() => expectEnd(text, scanValue(text, 0))) !== undefined, tree !== undefined);
    checkMembers(text, members);
    assert.deepEqual(accepted(() => arrayElements(text))?.map(jsonTree), elements);
    checkCallerText(text, members !== undefined);
    checkMessages(text);
  },
};

/** What the work gives; undefined when it refuses the text. It throws nothing else. */
function accepted<T>(work: () => T): { readonly value: T }["value"] | undefined | null {
  try {
    return work() ?? null;
  } catch (error) {
    assert.ok(error instanceof JsonSyntaxError, String(error));
    return undefined;
  }
}

function checkMembers(text: string, expected: readonly (readonly [string, JsonTree])[] | undefined): void {
  const members = accepted(() => objectMembers(text)) ?? undefined;
  assert.deepEqual(members === undefined ? undefined : lastOf(members), expected);
  const fields = JsonFields.of(text);
  assert.equal(fields === undefined, expected === undefined);
  if (fields === undefined || expected === undefined) return;
  for (const [name, value] of expected) {
    assert.deepEqual(jsonTree(fields.raw(name) ?? ""), value);
    const string = fields.string(name);
    assert.equal(string === undefined ? undefined : JSON.stringify(string), isString(value) ? value : undefined);
    assert.deepEqual(jsonTree(fields.rest(new Set([name])) || "{}"), {
      object: expected.filter(([other]) => other !== name),
    });
  }
  assert.deepEqual(jsonTree(fields.rest(new Set()) || "{}"), { object: expected });
}

function isString(value: JsonTree): value is string {
  return typeof value === "string" && value.startsWith('"');
}

/** Sorted as in a tree; of a name that comes twice the last. */
function lastOf(members: readonly JsonMember[]) {
  const last = new Map(members.map(({ name, value }) => [name, jsonTree(value)]));
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1));
}

function checkCallerText(text: string, isObject: boolean): void {
  const allowed = isObject && text.isWellFormed() && depthOf(text) <= maxCallerDepth;
  try {
    assert.deepEqual(jsonTree(checkedJsonObject(text, "f")), jsonTree(text));
    assert.ok(allowed);
  } catch (error) {
    if (!(error instanceof ManagerError)) throw error;
    assert.ok(!allowed, error.message);
  }
}

/** Containers inside one another in a text that is JSON. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [char] of text.matchAll(/"(?:\\.|[^"\\])*"|[[\]{}]/gs)) {
    if (char === "[" || char === "{") deepest = Math.max(deepest, ++depth);
    if (char === "]" || char === "}") depth -= 1;
  }
  return deepest;
}

/** Every message that is found in a line is what JSON.parse finds there. */
function checkMessages(line: string): void {
  const messages = parseLine(line);
  assert.ok(messages.length > 0);
  // A line has no line feed.
  if (!line.includes("\n") && !mayBeMessage(Buffer.from(line))) assert.deepEqual(messages, [{ kind: "noise" }]);
  const tree = jsonTreeOrNone(line);
  const [message] = messages;
  if (messages.length !== 1 || message === undefined || typeof tree !== "object" || !("object" in tree)) return;
  const fields = new Map(tree.object);
  switch (message.kind) {
    case "result":
      assert.deepEqual(
        [jsonTree(String(message.id)), jsonTree(message.result)],
        [fields.get("id"), fields.get("result")],
      );
      break;
    case "error":
      assert.deepEqual(jsonTree(String(message.id)), fields.get("id"));
      break;
    case "request":
    case "notification":
      assert.equal(JSON.stringify(message.method), fields.get("method"));
      assert.deepEqual(jsonTree(message.params), fields.get("params") ?? { object: [] });
      break;
    case "noise":
      assert.notEqual(fields.get("jsonrpc"), '"2.0"');
      break;
    default:
      break;
  }
}
