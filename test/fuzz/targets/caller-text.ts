import assert from "node:assert/strict";
import fc from "fast-check";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import type { Era } from "../../../src/base/spec/spec.ts";
import { checkedJsonObject } from "../../../src/json/caller-json.ts";
import type { Conversation } from "../../../src/mcp/conversation/handshake.ts";
import { legacyCodec } from "../../../src/mcp/eras/legacy.ts";
import { modernCodec } from "../../../src/mcp/eras/modern.ts";
import { Session } from "../../../src/mcp/session.ts";
import { anyText } from "../../json/json-text.ts";
import { nextTurn } from "../../jsonrpc/wire.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { type JsonTree, jsonTree } from "../json-tree.ts";

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

interface Texts {
  readonly tool: string;
  readonly argumentsText: string;
  readonly metaText: string;
  readonly capabilitiesText: string;
  readonly responsesText: string;
  readonly state: string;
}

const orNone = fc.oneof(text, fc.constant(""));

/**
 * Texts: tool name, arguments_json, meta_json, client_capabilities_json, input_responses_json, request_state; an empty
 * one of the last five is none. Each call is one line with one request, as given, or none.
 */
export const callerText: FuzzTarget = {
  name: "caller-text",
  shape: "fixed",
  cases: fc.tuple(nameText, text, orNone, orNone, orNone, nameText),
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
    '"io.modelcontextprotocol/clientCapabilities":{},',
  ],
  async check([tool = "", argumentsText = "", metaText = "", capabilitiesText = "", responsesText = "", state = ""]) {
    const legacy = { tool, argumentsText, metaText, capabilitiesText: "", responsesText: "", state: "" };
    await checkEra(legacy, { codec: legacyCodec, info: undefined, subscribed: new Set() });
    const modern = { tool, argumentsText, metaText, capabilitiesText, responsesText, state };
    await checkEra(modern, { codec: modernCodec({ clientInfo, logs: true }), info: undefined, subscribed: new Set() });
  },
};

const clientInfo = { name: "fuzz", version: "0" };

async function checkEra(texts: Texts, conversation: Conversation): Promise<void> {
  const call = checked(texts);
  const lines = await linesOf(call, conversation);
  if (call === undefined) {
    assert.deepEqual(lines, []);
    return;
  }
  // A second call after the first, whatever that was: it is not swallowed, and has the next id.
  assert.equal(lines.length, 2);
  const [line = "", second = ""] = lines;
  const first = JSON.parse(line);
  assert.deepEqual(Object.keys(first), ["jsonrpc", "id", "method", "params"]);
  assert.deepEqual([first.jsonrpc, first.id, first.method], ["2.0", firstId, "tools/call"]);
  checkParams(membersOf(membersOf(jsonTree(line)).get("params")), texts, conversation.codec.era);
  const { jsonrpc, id, method } = JSON.parse(second);
  assert.deepEqual([jsonrpc, id, method], ["2.0", firstId + 1, conversation.codec.livenessMethod]);
}

function checkParams(params: ReadonlyMap<string, JsonTree>, texts: Texts, era: Era): void {
  const given = (name: string, text: string) => (text === "" ? [] : [[name, jsonTree(text)] as const]);
  const { state, metaText } = texts;
  const expected = new Map<string, JsonTree>([
    ["name", JSON.stringify(texts.tool)],
    ["arguments", jsonTree(texts.argumentsText)],
    ...given("inputResponses", texts.responsesText),
    ...(state === "" ? [] : ([["requestState", JSON.stringify(state)]] as const)),
  ]);
  const own = metaText === "" ? new Map<string, JsonTree>() : withoutOurs(metaText);
  if (era === "modern") for (const [name, value] of protocolMeta(texts.capabilitiesText)) own.set(name, value);
  if (metaText !== "" || era === "modern") expected.set("_meta", sorted(own));
  // An empty `_meta` says as much as none.
  if (own.size === 0) expected.delete("_meta");
  assert.deepEqual(sorted(params), sorted(expected));
}

function protocolMeta(capabilitiesText: string): [string, JsonTree][] {
  return [
    ["io.modelcontextprotocol/protocolVersion", '"2026-07-28"'],
    ["io.modelcontextprotocol/clientInfo", jsonTree(JSON.stringify(clientInfo))],
    ["io.modelcontextprotocol/logLevel", '"info"'],
    ["io.modelcontextprotocol/clientCapabilities", jsonTree(capabilitiesText || "{}")],
  ];
}

function sorted(members: ReadonlyMap<string, JsonTree>): JsonTree {
  return { object: [...members].sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** What the service hands on; undefined when it refuses. */
function checked(texts: Texts) {
  const json = (field: string, text: string) => (text === "" ? undefined : checkedJsonObject(text, field));
  try {
    return {
      tool: texts.tool,
      argumentsJson: checkedJsonObject(texts.argumentsText, "arguments_json"),
      metaJson: json("meta_json", texts.metaText),
      clientCapabilitiesJson: json("client_capabilities_json", texts.capabilitiesText),
      inputResponsesJson: json("input_responses_json", texts.responsesText),
      requestState: texts.state === "" ? undefined : texts.state,
    };
  } catch (error) {
    assert.ok(error instanceof ManagerError && error.kind === "invalid", String(error));
    return undefined;
  }
}

/** What a server reads of this call and of a ping after it. */
async function linesOf(call: ReturnType<typeof checked>, conversation: Conversation): Promise<string[]> {
  const written: Buffer[] = [];
  const session = new Session({
    clientInfo,
    listener: { stderr() {}, strayLine() {}, logMessage() {}, unclaimedReply() {}, remark() {}, attachmentEnded() {} },
    firstId,
    limits: { maxLineBytes: 1 << 20, maxQueuedChars: 1 << 20 },
  });
  session.bind({ write: (chunk) => written.push(Buffer.from(chunk)) > 0, close() {} });
  session.resume(conversation);
  if (call !== undefined) {
    for (const promise of [session.callTool(call, {}), session.ping({})]) promise.catch(() => {});
  }
  await nextTurn();
  session.end({ reason: "SERVER_EXITED", message: "over" });
  return Buffer.concat(written)
    .toString()
    .split(anyLineBreak)
    .filter((line) => line !== "");
}

/** `_meta` without what is the manager's. */
function withoutOurs(metaText: string): Map<string, JsonTree> {
  const members = [...membersOf(jsonTree(metaText))];
  return new Map(members.filter(([name]) => name !== "progressToken" && !name.startsWith("io.modelcontextprotocol/")));
}

function membersOf(tree: JsonTree | undefined): Map<string, JsonTree> {
  assert.ok(tree !== undefined && typeof tree === "object" && "object" in tree);
  return new Map(tree.object);
}
