// An MCP server on stdio of the modern era (2026-07-28), written by hand; it misbehaves when asked to.
//
//   --boot-ms N          read nothing for so long, then everything that came
//   --eat-lines N        lose the first N lines that come, as an entrypoint does that reads some
//   --slow-probe-ms N    answer server/discover after so long, and other things at once
//   --versions JSON      what server/discover gives as supportedVersions
//   --refuse-version     answer server/discover with error -32022 and those versions
//   --takes-initialize   answer initialize, too, and be of the legacy era from then on, as SDK v2 does
//   --static             declare no changes of the tool list
//   --refuse-listen      answer subscriptions/listen with an error
//   --offers             have resources, prompts and completions, too (offers.mjs)
//   --no-logging         declare no logging
import process from "node:process";
import { grow, listsChanged, offer, offered, touch } from "./offers.mjs";

const args = process.argv.slice(2);
const has = (flag) => args.includes(flag);
const value = (flag, otherwise) => (has(flag) ? args[args.indexOf(flag) + 1] : otherwise);
const versions = JSON.parse(value("--versions", '["2026-07-28"]'));
const prefix = "io.modelcontextprotocol/";
const serverInfo = { [`${prefix}serverInfo`]: { name: "modern", version: "2.0.0" } };

const received = [];
const tools = ["echo", "meta", "received", "grow", "touch", "unfollow", "ask", "raw", "log", "request", "hang-up"];
let subscription;
/** URIs by the id of what subscribed to them. */
const followed = new Map();
let isLegacy = false;
let toEat = Number(value("--eat-lines", "0"));

function send(message) {
  process.stdout.write(`${typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function complete(id, result) {
  send({ id, result: { resultType: "complete", ...result, _meta: serverInfo } });
}

function notify(method, params = {}, id = subscription) {
  send({ method, params: { ...params, _meta: { [`${prefix}subscriptionId`]: id } } });
}

/** To each who subscribed to it, or to what is above it. */
function notifyUpdated(uri) {
  const ids = [...followed].flatMap(([id, uris]) => (uris.some((above) => uri.startsWith(above)) ? [id] : []));
  for (const id of ids) notify("notifications/resources/updated", { uri }, id);
  return ids.length;
}

const calls = {
  echo: (id, { arguments: { text } }) => complete(id, { content: [{ type: "text", text }] }),
  /** The `_meta` that its own call came with. */
  meta: (id, { _meta }) => complete(id, { content: [], structuredContent: _meta }),
  /** Every message that came in. */
  received: (id) => complete(id, { content: [], structuredContent: { messages: received } }),
  /** Has one tool more. */
  grow: (id) => {
    tools.push(`tool-${tools.length}`);
    grow();
    const methods = has("--offers") ? listsChanged : ["notifications/tools/list_changed"];
    if (subscription !== undefined) for (const method of methods) notify(method);
    complete(id, { content: [] });
  },
  /** Says that this resource changed, and to how many. */
  touch: (id, { arguments: { uri } }) => {
    complete(id, { content: [{ type: "text", text: String(notifyUpdated(uri)) }] });
  },
  /** Ends every subscription to a resource, as a server does that shuts down; then exits, if it shall. */
  unfollow: (id, { arguments: { exit = false } = {} }) => {
    for (const open of followed.keys()) complete(open, {});
    followed.clear();
    if (exit) process.exit(4);
    else complete(id, { content: [] });
  },
  /** Asks for a name; with one, gives it back together with its state. */
  ask: (id, { arguments: given = {}, inputResponses, requestState, _meta }) => {
    if (inputResponses !== undefined) {
      complete(id, { content: [], structuredContent: { inputResponses, requestState } });
    } else if (given.careful && _meta[`${prefix}clientCapabilities`].elicitation === undefined) {
      const data = { requiredCapabilities: { elicitation: {} } };
      send({ id, error: { code: -32021, message: "elicitation is needed", data } });
    } else {
      const name = { method: "elicitation/create", params: { message: "Who are you?" } };
      send({ id, result: { resultType: "input_required", inputRequests: { name }, requestState: given.state } });
    }
  },
  /** Writes this text as the result, byte for byte. */
  raw: (id, { arguments: { json } }) => send(`{"jsonrpc":"2.0","id":${id},"result":${json}}`),
  /** Logs, if its call allows that. */
  log: (id, { _meta }) => {
    if (_meta[`${prefix}logLevel`] !== undefined) {
      send({ method: "notifications/message", params: { level: "warning", data: "careful" } });
    }
    complete(id, { content: [] });
  },
  /** Breaks its era's rule that only clients ask. */
  request: (id) => {
    send({ id: `ask-${id}`, method: "roots/list", params: { a: 1 } });
    complete(id, { content: [] });
  },
  /** Ends the subscription. */
  "hang-up": (id) => {
    notify("notifications/cancelled", { requestId: subscription });
    subscription = undefined;
    complete(id, { content: [] });
  },
};

const methods = {
  "server/discover": (id) => {
    if (has("--refuse-version")) {
      send({ id, error: { code: -32022, message: "Unsupported protocol version", data: { supported: versions } } });
      return;
    }
    const capabilities = {
      tools: has("--static") ? {} : { listChanged: true },
      ...(has("--no-logging") ? {} : { logging: {} }),
      ...(has("--offers") ? offered : {}),
    };
    const reply = () => complete(id, { supportedVersions: versions, capabilities, instructions: "speak up", ttlMs: 0 });
    if (has("--slow-probe-ms")) setTimeout(reply, Number(value("--slow-probe-ms")));
    else reply();
  },
  "subscriptions/listen": (id, { notifications }) => {
    if (has("--refuse-listen")) {
      send({ id, error: { code: -32603, message: "Subscription limit reached" } });
      return;
    }
    const uris = notifications.resourceSubscriptions;
    if (uris === undefined) subscription = id;
    else if (!has("--offers")) return notify("notifications/subscriptions/acknowledged", { notifications: {} }, id);
    else {
      const { result, error } = touch(uris[0], "modern", "{}");
      if (error !== undefined) send({ id, error });
      if (result === undefined) return;
      followed.set(id, uris);
    }
    notify("notifications/subscriptions/acknowledged", { notifications }, id);
  },
  "tools/list": (id) => complete(id, { tools: tools.map((name) => ({ name, inputSchema: { type: "object" } })) }),
  "tools/call": (id, params) => {
    const call = calls[params.name];
    if (call === undefined) send({ id, error: { code: -32602, message: `Tool ${params.name} not found` } });
    else call(id, params);
  },
};

function initialize(id, { protocolVersion }) {
  isLegacy = true;
  const result = { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "both", version: "2.0.0" } };
  send({ id, result });
}

function receive(message) {
  const { id, method, params = {} } = message;
  received.push(message);
  if (method === "notifications/cancelled") followed.delete(params.requestId);
  // A notification, or what the client answered.
  if (id === undefined || method === undefined) return;
  const isModern = params._meta?.[`${prefix}clientCapabilities`] !== undefined;
  const answer = methods[method];
  if (method === "initialize" && has("--takes-initialize")) initialize(id, params);
  else if (isLegacy && method === "ping") send({ id, result: {} });
  else if (isLegacy && method === "server/discover") send({ id, error: { code: -32601, message: "Method not found" } });
  else if (!isModern && !isLegacy) send({ id, error: { code: -32602, message: "the _meta of 2026-07-28 is missing" } });
  else if (answer === undefined && !answerOffer(id, method, params))
    send({ id, error: { code: -32601, message: "Method not found" } });
  else answer?.(id, params);
}

/** Whether it was something that `--offers` brings. */
function answerOffer(id, method, params) {
  const answer = has("--offers") ? offer(method, params, "modern") : undefined;
  if (answer?.result !== undefined) send(`{"jsonrpc":"2.0","id":${id},"result":${answer.result}}`);
  if (answer?.error !== undefined) send({ id, error: answer.error });
  return answer !== undefined;
}

setTimeout(
  () => {
    // Not node:readline, which takes U+2028 for the end of a line, too.
    let rest = "";
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (toEat > 0) toEat -= 1;
        else if (line !== "") receive(JSON.parse(line));
      }
    });
    process.stdin.on("end", () => process.exit(0));
  },
  Number(value("--boot-ms", "0")),
);
