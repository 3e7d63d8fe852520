import assert from "node:assert/strict";
import fc from "fast-check";
import { ManagerError } from "../../../src/errors.ts";
import { checkedJsonObject } from "../../../src/jsonrpc/caller-json.ts";
import { Session } from "../../../src/mcp/session.ts";
import { anyText } from "../../jsonrpc/json-text.ts";
import { nextTick } from "../../jsonrpc/wire.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { jsonTree } from "../json-tree.ts";

const smuggled = [
  '}}\n{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{}}',
  '{}}}\r{"jsonrpc":"2.0","id":2,"method":"ping"}',
  '"}}\u2028{"jsonrpc":"2.0","id":2,"method":"ping"}',
  '\\u000a{"jsonrpc":"2.0"}',
  '","id":2,"x":"',
];
const objectText = fc
  .dictionary(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("progressToken", "__proto__")), fc.jsonValue(), {
    noNullPrototype: true,
  })
  .chain((object) => fc.constantFrom(0, 1, "\t", "\n").map((indent) => JSON.stringify(object, undefined, indent)));
const text = fc.oneof({ arbitrary: objectText, weight: 4 }, anyText, fc.constantFrom(...smuggled));
const nameText = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...smuggled));

/** Every reader of lines is a server of somebody's: this one ends a line wherever any of them does. */
const anyLineBreak = /\r\n|[\n\r\u0085\u2028\u2029]/;
const firstId = 7;

/** Texts: tool name, arguments_json, meta_json (empty: none). Each call is one line with one request, as given, or none. */
export const callerText: FuzzTarget = {
  name: "caller-text",
  shape: "fixed",
  cases: fc.tuple(nameText, text, fc.oneof(text, fc.constant(""))),
  dictionary: [
    ...smuggled,
    "\n",
    "\r",
    "\t",
    "\u0085",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ud800",
    '"',
    "\\",
    "{",
    "}",
    "1e400",
    '"progressToken":1,',
  ],
  async check([tool = "", argumentsText = "", metaText = ""]) {
    const call = checked({ tool, argumentsText, metaText });
    const lines = await linesOf(call);
    if (call === undefined) {
      assert.deepEqual(lines, []);
      return;
    }
    // A second call after the first, whatever that was: it is not swallowed, and has the next id.
    assert.equal(lines.length, 2);
    const [first, second] = lines.map((line) => JSON.parse(line));
    assert.deepEqual(Object.keys(first), ["jsonrpc", "id", "method", "params"]);
    assert.equal(first.jsonrpc, "2.0");
    assert.equal(first.id, firstId);
    assert.equal(first.method, "tools/call");
    assert.equal(first.params.name, tool);
    assert.deepEqual(
      Object.keys(first.params),
      metaText === "" ? ["name", "arguments"] : ["name", "arguments", "_meta"],
    );
    assert.deepEqual(memberTree(lines[0] ?? "", "arguments"), jsonTree(argumentsText));
    if (metaText !== "") assert.deepEqual(memberTree(lines[0] ?? "", "_meta"), withoutOurs(metaText));
    assert.deepEqual(second, { jsonrpc: "2.0", id: firstId + 1, method: "ping", params: {} });
  },
};

/** What the service hands on; undefined when it refuses. */
function checked(texts: { readonly tool: string; readonly argumentsText: string; readonly metaText: string }) {
  try {
    return {
      tool: texts.tool,
      argumentsJson: checkedJsonObject(texts.argumentsText, "arguments_json"),
      ...(texts.metaText === "" ? {} : { metaJson: checkedJsonObject(texts.metaText, "meta_json") }),
    };
  } catch (error) {
    assert.ok(error instanceof ManagerError && error.kind === "invalid", String(error));
    return undefined;
  }
}

/** What a server reads of this call and of a ping after it. */
async function linesOf(call: ReturnType<typeof checked>): Promise<string[]> {
  const written: Buffer[] = [];
  const session = new Session({
    clientInfo: { name: "fuzz", version: "0" },
    listener: { stderr() {}, strayLine() {}, logMessage() {}, lateReply() {}, attachmentEnded() {} },
    firstId,
    maxLineBytes: 1 << 20,
    maxQueuedChars: 1 << 20,
  });
  session.bind({ write: (chunk) => written.push(Buffer.from(chunk)) > 0, close() {} });
  if (call !== undefined) {
    for (const promise of [session.callTool(call, {}), session.ping({})]) promise.catch(() => {});
  }
  await nextTick();
  session.end({ reason: "SERVER_EXITED", message: "over" });
  return Buffer.concat(written)
    .toString()
    .split(anyLineBreak)
    .filter((line) => line !== "");
}

function memberTree(line: string, name: string) {
  const params = membersOf(membersOf(jsonTree(line)).get("params"));
  return params.get(name);
}

/** `_meta` without what is the manager's. */
function withoutOurs(metaText: string) {
  const members = membersOf(jsonTree(metaText));
  const kept = [...members].filter(
    ([name]) => name !== "progressToken" && !name.startsWith("io.modelcontextprotocol/"),
  );
  return { object: kept };
}

function membersOf(tree: ReturnType<typeof jsonTree> | undefined) {
  assert.ok(tree !== undefined && typeof tree === "object" && "object" in tree);
  return new Map(tree.object);
}
