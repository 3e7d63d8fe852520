// What the hand-written servers of both eras have besides tools, with `--offers`: resources, prompts and completions,
// which misbehave by their names.
import process from "node:process";

/** What grew is listed, too. */
let grown = 0;

export function grow() {
  grown += 1;
}

const more = (entry) => Array.from({ length: grown }, (_, index) => JSON.stringify(entry(index)));

/** With what protobuf has no place for, and entries of no use. */
const resources = () => [
  '{"uri":"mem://note","name":"note","title":"A note","description":"Text.","mimeType":"text/plain","size":5,"annotations":{"priority":1e400},"icons":[{"src":"data:,"}]}',
  '{"uri":"mem://bare"}',
  '{"uri":"mem://odd","name":7,"size":-1}',
  '{"name":"nowhere"}',
  "7",
  ...more((index) => ({ uri: `mem://grown/${index}`, name: "grown" })),
];

const templates = () => [
  '{"uriTemplate":"mem://grown/{index}","name":"grown","mimeType":"text/plain","_meta":{"n":9007199254740993}}',
  '{"name":"nothing"}',
];

const prompts = () => [
  '{"name":"greet","title":"Greet","arguments":[{"name":"name","required":true,"hint":1},{"name":"mood","description":"How."}],"_meta":{}}',
  '{"name":"plain"}',
  '{"name":"odd","arguments":[{"title":"nameless"}]}',
  "{}",
  ...more((index) => ({ name: `grown-${index}` })),
];

const error = (code, message, data) => ({ error: { code, message, ...(data === undefined ? {} : { data }) } });

const lists = {
  "resources/list": () => `{"resources":[${resources()}]}`,
  "resources/templates/list": () => `{"resourceTemplates":[${templates()}]}`,
  "prompts/list": () => `{"prompts":[${prompts()}]}`,
};

/** A legacy server has a code for a resource that is not there; a modern one says which by the data. */
const noResource = (uri, era) =>
  era === "legacy" ? error(-32002, "Resource not found", { uri }) : error(-32602, "Resource not found", { uri });

/**
 * What comes of `resources/read`, and of a subscription: `raw:…` is answered with what follows, byte for byte; at
 * mem://silent nothing is, and at mem://exit the server exits.
 */
export function touch(uri, era, otherwise) {
  if (uri.startsWith("raw:")) return { result: uri.slice(4) };
  if (uri === "mem://silent") return {};
  if (uri === "mem://exit") process.stderr.write("out of memory\n", () => process.exit(3));
  if (uri === "mem://exit") return {};
  if (uri === "mem://gone") return noResource(uri, era);
  if (uri === "mem://vague") return error(-32602, "no");
  if (uri === "mem://invalid") return error(-32602, "no", { uri, reason: "invalid" });
  return { result: otherwise };
}

function read({ uri, inputResponses, requestState }, era) {
  if (uri === "mem://ask" && inputResponses === undefined) {
    const who = { method: "elicitation/create", params: { message: "Who are you?" } };
    return { result: JSON.stringify({ resultType: "input_required", inputRequests: { who }, requestState: "ask-1" }) };
  }
  const text = uri === "mem://ask" ? JSON.stringify({ inputResponses, requestState }) : "grüße";
  return touch(uri, era, JSON.stringify({ contents: [{ uri, mimeType: "text/plain", text }] }));
}

function getPrompt({ name, arguments: args = {} }) {
  if (name === "plain") return { result: args.raw ?? '{"messages":[]}' };
  if (name !== "greet") return error(-32602, `Prompt ${name} not found`);
  if (args.name === undefined) return error(-32602, "name is missing");
  const text = `Greet ${args.name}${args.mood === undefined ? "" : `, ${args.mood}`}.`;
  const messages = [{ role: "user", content: { type: "text", text }, extra: 1 }];
  return { result: JSON.stringify({ description: "Greets.", messages }) };
}

function complete({ ref, argument, context }) {
  if (ref.name === "plain") return { result: argument.value };
  if (ref.name !== "greet" && ref.uri !== "mem://grown/{index}") return error(-32602, "unknown reference");
  const values = [argument.name, argument.value, JSON.stringify(context ?? null)];
  return { result: JSON.stringify({ completion: { values, total: 7, hasMore: true } }) };
}

/** The answer: `result` is JSON text; neither `result` nor `error`: none. Undefined: there is no such method. */
export function offer(method, params, era) {
  const list = lists[method];
  if (list !== undefined) return { result: list() };
  if (method === "resources/read") return read(params, era);
  if (method === "prompts/get") return getPrompt(params);
  if (method === "completion/complete") return complete(params);
  return undefined;
}

/** What the capabilities say of it. */
export const offered = {
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  completions: {},
};

export const listsChanged = ["tools", "resources", "prompts"].map((list) => `notifications/${list}/list_changed`);
