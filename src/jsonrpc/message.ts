import { exactInteger } from "../json/exact-number.ts";
import { eachElement, eachMember, type JsonMember, objectMembers } from "../json/json-members.ts";
import { JsonSyntaxError } from "../json/json-scan.ts";

/** A JSON-RPC error as the other side sent it; `data` is JSON text. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

/**
 * One inbound JSON-RPC 2.0 message. `result`, `params` and a request's `id` are JSON text as it was written. A `bare`
 * reply does not say that it is JSON-RPC: it is one only if its id is of a call under way, and else noise.
 */
export type Message =
  | { readonly kind: "result"; readonly id: number; readonly result: string; readonly bare?: true }
  | { readonly kind: "error"; readonly id: number; readonly error: RpcError; readonly bare?: true }
  | { readonly kind: "request"; readonly id: string; readonly method: string; readonly params: string }
  | { readonly kind: "notification"; readonly method: string; readonly params: string }
  /** A reply to an id that we did not give (ours are integers, which a server may give back as text). */
  | { readonly kind: "stray" }
  /** Broken JSON-RPC; `id` when it could be told whose reply it was. */
  | { readonly kind: "malformed"; readonly id?: number; readonly problem: string }
  /** Not JSON-RPC at all: a banner, a log line. */
  | { readonly kind: "noise" };

/** Most messages of one batch. */
const maxBatch = 10_000;

/**
 * Whether a line of these bytes can be JSON-RPC: an object or an array. Anything else is noise, and need not be read.
 */
export function mayBeMessage(line: Uint8Array): boolean {
  let at = 0;
  while (line[at] === 0x20 || line[at] === 0x09 || line[at] === 0x0d) at += 1;
  return line[at] === 0x7b || line[at] === 0x5b;
}

/** The messages of one line: one, or those of a batch (revision 2025-03-26 allows servers to send them). */
export function parseLine(line: string): Message[] {
  return /^[ \t\r]*\[/.test(line) ? parseBatch(line) : [parseMessage(line)];
}

/** Reads a batch up to the first element that is not a message; the line from there on, like an empty one, is noise. */
function parseBatch(line: string): Message[] {
  const messages: Message[] = [];
  try {
    for (const element of eachElement(line)) {
      const message = parseMessage(element);
      if (message.kind === "noise" || messages.length === maxBatch) return [...messages, { kind: "noise" }];
      messages.push(message);
    }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return [...messages, { kind: "noise" }];
  }
  return messages.length === 0 ? [{ kind: "noise" }] : messages;
}

interface Fields {
  jsonrpc?: string;
  id?: string;
  method?: string;
  params?: string;
  result?: string;
  error?: string;
}

const known = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);

function parseMessage(text: string): Message {
  const fields: Fields = {};
  let others = false;
  try {
    // The last of repeated names wins, as in JSON.parse.
    eachMember(text, (name, value) => {
      if (known.has(name)) fields[name as keyof Fields] = value;
      else others = true;
    });
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return brokenMessage(fields, text, error);
  }
  if (fields.jsonrpc !== '"2.0"') return others ? { kind: "noise" } : parseBare(fields);
  const method = fields.method === undefined ? undefined : stringOf(fields.method);
  if (method !== undefined) {
    const params = fields.params ?? "{}";
    if (fields.id === undefined || fields.id === "null") return { kind: "notification", method, params };
    // Any other is not JSON-RPC, and may hold spaces that are no good in our reply.
    if (!/^["\-0-9]/.test(fields.id)) {
      return { kind: "malformed", problem: "the id of a request is neither a string nor a number" };
    }
    return { kind: "request", id: fields.id, method, params };
  }
  return parseReply(fields);
}

/** With further members it would be a log line, which may well have an id and a result. */
function parseBare(fields: Fields): Message {
  const { jsonrpc, method, params } = fields;
  const other = jsonrpc ?? method ?? params;
  const reply = other === undefined ? parseReply(fields) : undefined;
  return reply?.kind === "result" || reply?.kind === "error" ? { ...reply, bare: true } : { kind: "noise" };
}

function parseReply(fields: Fields): Message {
  const id = idOf(fields.id);
  if (id === undefined) return { kind: "stray" };
  if (fields.error !== undefined && fields.error !== "null")
    return { kind: "error", id, error: parseError(fields.error) };
  if (fields.result !== undefined) return { kind: "result", id, result: fields.result };
  return { kind: "malformed", id, problem: "neither result nor error" };
}

function parseError(text: string): RpcError {
  let members: JsonMember[];
  try {
    members = objectMembers(text);
  } catch {
    return { code: 0, message: text };
  }
  const fields = new Map(members.map(({ name, value }) => [name, value]));
  const data = fields.get("data");
  return {
    code: exactInteger(fields.get("code") ?? "") ?? 0,
    message: stringOf(fields.get("message")) ?? "",
    ...(data === undefined ? {} : { data }),
  };
}

/** Log lines have ids, too, and break off: an id is a message's when what follows it is. */
const begunAsMessage =
  /^[ \t\r]*\{[ \t\r]*(?:"jsonrpc"|"id"[ \t\r]*:[ \t\r]*(?:-?[0-9.eE+-]+|"[^"\\]*")[ \t\r]*,[ \t\r]*"(?:jsonrpc|method|result|error)")/;

/** A line that stops being JSON: noise, unless it had begun as a message. */
function brokenMessage(fields: Fields, text: string, error: JsonSyntaxError): Message {
  if (fields.jsonrpc !== '"2.0"' && !begunAsMessage.test(text)) return { kind: "noise" };
  const id = fields.method === undefined ? idOf(fields.id) : undefined;
  return { kind: "malformed", problem: error.message, ...(id === undefined ? {} : { id }) };
}

/** Fifteen digits, each of them escaped. */
const maxIdChars = 100;

/** The integer that an id denotes, or undefined. Ours are integers; servers that keep ids as text give back text. */
export function idOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!text.startsWith('"')) return exactInteger(text);
  if (text.length > maxIdChars) return undefined;
  const digits = /^(?:0|[1-9][0-9]{0,14})$/.exec(JSON.parse(text) as string);
  return digits === null ? undefined : Number(digits[0]);
}

function stringOf(text: string | undefined): string | undefined {
  return text?.startsWith('"') ? (JSON.parse(text) as string) : undefined;
}
