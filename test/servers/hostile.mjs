// An MCP server on stdio that misbehaves when asked to: at the start by its arguments, later by its tools.
//
//   --exit CODE            say why on stderr and exit at once
//   --silent               never answer anything
//   --version V            answer initialize with this protocol version
//   --exit-on-probe        exit when server/discover comes, as Rust's rmcp before 3 does
//   --complain-on-probe    answer server/discover with an error, and say so on stderr, as Python's SDK before 2 does
//   --silent-on-probe      do not answer server/discover
//   --refuse-initialize    answer initialize with an error
//   --initialize-once      answer a second initialize with an error
//   --exit-on-initialize   exit 3 when initialize comes
//   --exit-on-second-initialize  exit 1 when initialize comes again
//   --eat-lines N          lose the first N lines that come, as an entrypoint does that reads some
//   --handshake-ms N       answer initialize after so long
//   --result JSON          answer initialize with these fields, too; @N in a string is N characters
//   --banner               print noise on stdout first
//   --pages N              list one tool a page, on N pages ("" is the first cursor)
//   --endless-pages        never end the listing
//   --grow-while-listing   have one tool more at each listing, and say so
//   --odd-tool             list an entry without a name, too
//   --schema JSON          list echo with this input schema
//   --offers               have resources, prompts and completions, too (offers.mjs)
//   --ignore-term          outlive SIGTERM
import { spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { grow, listsChanged, offer, offered, touch } from "./offers.mjs";

const args = process.argv.slice(2);
const has = (flag) => args.includes(flag);
const value = (flag) => (has(flag) ? args[args.indexOf(flag) + 1] : undefined);

/** Every message that came in, for the tool `received`. */
const received = [];
const timers = new Map();
/** Answers that wait for `release`. */
const held = [];
/** The replies that wait for their batch. */
const batched = [];
/** URIs. */
const subscribed = new Set();
let reading = true;
let toEat = Number(value("--eat-lines") ?? 0);
let grown = 0;

function send(message) {
  process.stdout.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
}

function reply(id, result) {
  send({ jsonrpc: "2.0", id, result });
}

function text(id, content) {
  reply(id, { content: [{ type: "text", text: content }] });
}

const tools = {
  /** Gives its text back. */
  echo: (id, { text: content = "" }) => text(id, content),
  /** Gives back the line that its own call came in, as text. */
  line: (id, _input, line) => text(id, line),
  /** Gives back the JSON of its arguments, as this server understood them. */
  reflect: (id, input) => reply(id, { content: [], structuredContent: input }),
  /** Answers after so many milliseconds, unless it is cancelled. */
  sleep: (id, { ms, text: content = "slept" }) => {
    timers.set(
      id,
      setTimeout(() => text(id, content), ms),
    );
  },
  /** Answers after so many milliseconds, cancelled or not. */
  stubborn: (id, { ms }) => setTimeout(() => text(id, "late"), ms),
  never: () => {},
  /** Has one tool more, and says so; with `--offers` of the others, too. */
  grow: (id) => {
    toolsChanged();
    text(id, "grown");
  },
  /** Says that this resource changed to who subscribed to it, or below. */
  touch: (id, { uri }) => {
    const params = { uri };
    const isFollowed = [...subscribed].some((followed) => uri.startsWith(followed));
    if (isFollowed) send({ jsonrpc: "2.0", method: "notifications/resources/updated", params });
    text(id, String(isFollowed));
  },
  /** Answers with its text when `release` is called. */
  hold: (id, { text: content }) => held.push(() => text(id, content)),
  /** Lets all answers that are held go, then says how many. */
  release: (id) => {
    const all = held.splice(0);
    for (const answer of all) answer();
    text(id, String(all.length));
  },
  /** The number of this process. */
  pid: (id) => text(id, String(process.pid)),
  /** Writes this text as the result, byte for byte. */
  raw: (id, { json }) => send(`{"jsonrpc":"2.0","id":${id},"result":${json}}`),
  /** Writes these lines, with ID in them replaced, instead of a reply. */
  lines: (id, { lines }) => {
    for (const line of lines) send(line.replaceAll("ID", String(id)));
  },
  /** Writes these bytes, given in base64, with no line break added. */
  bytes: (_id, { base64 }) => process.stdout.write(Buffer.from(base64, "base64")),
  /** Gives its text back in pieces of so many bytes, each in a write of its own and so many milliseconds after the last. */
  pieces: async (id, { text: content, bytes, ms = 0 }) => {
    const result = { content: [{ type: "text", text: content }] };
    const line = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
    for (let at = 0; at < line.length; at += bytes) {
      process.stdout.write(line.subarray(at, at + bytes));
      if (ms > 0) await wait(ms);
    }
  },
  /** Answers so many calls of it, the last first, in one array, with a notification and a ping among the replies. */
  batch: (id, { count, text: content }) => {
    batched.push({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: content }] } });
    if (batched.length < count) return;
    const log = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "in a batch" } };
    send([log, ...batched.splice(0).reverse(), { jsonrpc: "2.0", id: "batched", method: "ping" }]);
  },
  /** Writes the first half of a reply, then exits with the code. */
  half: (id, { code }) => {
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"ty`, () => process.exit(code));
  },
  /** Starts a child in a session of its own, which holds this one's stdout and stderr, and would stay for an hour. */
  fork: (id) => {
    const child = spawn("sleep", ["3600"], { detached: true, stdio: ["ignore", "inherit", "inherit"] });
    child.unref();
    text(id, String(child.pid));
  },
  /** A text of so many bytes; `idLast` puts the id after the result. */
  large: (id, { bytes, idLast = false }) => {
    const result = JSON.stringify({ content: [{ type: "text", text: "x".repeat(bytes) }] });
    send(
      idLast ? `{"result":${result},"jsonrpc":"2.0","id":${id}}` : `{"jsonrpc":"2.0","id":${id},"result":${result}}`,
    );
  },
  /** Says this on stderr, then exits with the code. */
  exit: (_id, { code = 1, stderr = "" }) => {
    process.stderr.write(stderr, () => process.exit(code));
  },
  /** Says this on stderr and answers. */
  stderr: (id, { text: line, count = 1 }) => {
    process.stderr.write(`${line}\n`.repeat(count), () => text(id, "said"));
  },
  /** Reports so many steps to who asked for progress, at once, then answers. */
  steps: (id, { count, message }, line) => {
    const progressToken = JSON.parse(line).params._meta?.progressToken;
    for (let progress = 1; progressToken !== undefined && progress <= count; progress += 1) {
      send({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress, message } });
    }
    text(id, "done");
  },
  /** Logs by MCP and answers. */
  log: (id, { level, data }) => {
    send({ jsonrpc: "2.0", method: "notifications/message", params: { level, data } });
    text(id, "logged");
  },
  /** Asks the client for this method; `received` shows what it answered. */
  ask: (id, { method }) => {
    send({ jsonrpc: "2.0", id: `ask-${id}`, method, params: {} });
    text(id, "asked");
  },
  /** Stops reading stdin, for ever. */
  deaf: (id) => {
    reading = false;
    process.stdin.pause();
    setInterval(() => {}, 60_000); // Nothing else would keep this process alive.
    text(id, "deaf");
  },
  /** Does nothing else for so many milliseconds, then answers. */
  hang: (id, { ms }) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    text(id, "awake");
  },
  received: (id) => reply(id, { content: [], structuredContent: { messages: received } }),
  fail: (id) => reply(id, { content: [{ type: "text", text: "it went wrong" }], isError: true }),
  error: (id, { code, message = "refused", data }) => send({ jsonrpc: "2.0", id, error: { code, message, data } }),
  /** Has a child that takes memory until it is ended, and tells by which signal. */
  hogInChild: (id) => {
    const hog = "const taken = []; for (;;) taken.push(Buffer.alloc(8 * 1024 * 1024, 1))";
    const child = spawn(process.execPath, ["-e", hog], { stdio: "ignore" });
    child.on("exit", (_code, signal) => text(id, signal));
  },
  hog: () => {
    const taken = [];
    for (;;) taken.push(Buffer.alloc(8 * 1024 * 1024, 1));
  },
};

function toolsChanged() {
  grown += 1;
  grow();
  const methods = has("--offers") ? listsChanged : ["notifications/tools/list_changed"];
  for (const method of methods) send({ jsonrpc: "2.0", method });
}

function listTools(id, params) {
  if (has("--grow-while-listing")) toolsChanged();
  const names = [...Object.keys(tools), ...Array.from({ length: grown }, (_, index) => `tool-${index}`)];
  const pages = Number(value("--pages") ?? 0);
  if (has("--endless-pages")) {
    reply(id, { tools: [{ name: "echo", inputSchema: {} }], nextCursor: "again" });
  } else if (pages > 0) {
    const page = params?.cursor === undefined ? 0 : params.cursor === "" ? 1 : Number(params.cursor);
    const next = page + 1 < pages ? { nextCursor: page === 0 ? "" : String(page + 1) } : {};
    reply(id, { tools: [{ name: names[page], inputSchema: { type: "object" } }], ...next });
  } else {
    const odd = has("--odd-tool") ? [{ title: "nameless" }, 7] : [];
    const big = `{"name":"big","inputSchema":{"maximum":9007199254740993},"icons":[{"src":"data:,"}],"annotations":{"readOnlyHint":true}}`;
    const echoSchema = JSON.parse(value("--schema") ?? '{"type":"object"}');
    const schemaOf = (name) => (name === "echo" ? echoSchema : { type: "object" });
    const rest = [...odd, ...names.map((name) => ({ name, inputSchema: schemaOf(name) }))];
    send(
      `{"jsonrpc":"2.0","id":${id},"result":{"tools":[${[big, ...rest.map((tool) => JSON.stringify(tool))].join(",")}]}}`,
    );
  }
}

function initialize(id, params) {
  if (has("--exit-on-initialize")) process.exit(3);
  const again = received.filter(({ method }) => method === "initialize").length > 1;
  if (again && has("--exit-on-second-initialize")) process.exit(1);
  if (has("--refuse-initialize")) {
    send({ jsonrpc: "2.0", id, error: { code: -32000, message: "not you" } });
    return;
  }
  if (has("--initialize-once") && again) {
    send({ jsonrpc: "2.0", id, error: { code: -32600, message: "already initialized" } });
    return;
  }
  const result = {
    protocolVersion: value("--version") ?? params.protocolVersion,
    capabilities: { tools: { listChanged: true }, logging: {}, ...(has("--offers") ? offered : {}) },
    serverInfo: { name: "hostile", version: "1.0.0" },
    instructions: "handle with care",
    ...JSON.parse(value("--result") ?? "{}", (_name, text) =>
      /^@[0-9]+$/.test(text) ? "é".repeat(Number(text.slice(1))) : text,
    ),
  };
  setTimeout(() => reply(id, result), Number(value("--handshake-ms") ?? 0));
}

/** Whether it was something else than tools, which `--offers` brings. */
function answerOffer(id, method, params) {
  if (!has("--offers")) return false;
  const answer =
    method === "logging/setLevel" ? { result: "{}" } : (subscribe(method, params) ?? offer(method, params, "legacy"));
  if (answer === undefined) return false;
  const { result, error } = answer;
  if (result !== undefined) send(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  if (error !== undefined) send({ jsonrpc: "2.0", id, error });
  return true;
}

function subscribe(method, params) {
  if (method === "resources/unsubscribe") {
    subscribed.delete(params.uri);
    return { result: "{}" };
  }
  if (method !== "resources/subscribe") return undefined;
  const answer = touch(params.uri, "legacy", "{}");
  if (answer.error === undefined) subscribed.add(params.uri);
  return answer;
}

function receive(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    return; // Half a line that a manager left behind.
  }
  received.push(message);
  const { id, method, params } = message;
  if (method === "initialize") initialize(id, params);
  else if (method === "ping") reply(id, {});
  else if (method === "tools/list") listTools(id, params);
  else if (method === "notifications/cancelled") clearTimeout(timers.get(params.requestId));
  else if (method === "tools/call") {
    const tool = tools[params.name];
    if (tool === undefined)
      send({ jsonrpc: "2.0", id, error: { code: -32602, message: `Unknown tool: ${params.name}` } });
    else tool(id, params.arguments ?? {}, line);
  } else if (method === "server/discover" && has("--exit-on-probe")) {
    process.stderr.write("expected initialize\n", () => process.exit(1));
  } else if (method === "server/discover" && has("--complain-on-probe")) {
    const refusal = { jsonrpc: "2.0", id, error: { code: -32602, message: "Invalid request parameters" } };
    process.stderr.write("Failed to validate request: 97 validation errors for ClientRequest\n", () => send(refusal));
  } else if (method === "server/discover" && has("--silent-on-probe")) {
    // As some servers do with what they don't know.
  } else if (id !== undefined && method !== undefined && !answerOffer(id, method, params)) {
    send({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
  }
}

if (has("--exit")) {
  process.stderr.write("cannot start: no license\n", () => process.exit(Number(value("--exit"))));
} else {
  if (has("--ignore-term")) process.on("SIGTERM", () => {});
  if (has("--banner")) process.stdout.write('\ufeffWelcome!\n{"level":"info","msg":"not a message"}\n\n');
  let rest = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (chunk) => {
    if (has("--silent")) return;
    rest += chunk;
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (toEat > 0) toEat -= 1;
      else if (reading && line !== "") receive(line);
    }
  });
  process.stdin.on("end", () => process.exit(0));
}
