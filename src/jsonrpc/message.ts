import { exactInteger } from "../json/exact-number.ts";
import { eachElement, eachMember, type JsonMember, objectMembers } from "../json/json-members.ts";
import { JsonSyntaxError } from "../json/json-scan.ts";
import { idOf } from "./message-id.ts";
import { idAfterOutcome } from "./oversized.ts";

/** A JSON-RPC error as the other side sent it; `data` is JSON text. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

/**
 * One inbound JSON-RPC 2.0 message. `result`, `params` and a request's `id` are JSON text as it was written. A `bare`
 * reply does not say that it is JSON-RPC 2.0, or says more than a reply does: it is one if its id is of a call under
 * way, and else noise.
 */
export type Message =
  | { readonly kind: "result"; readonly id: number; readonly result: string; readonly bare?: true }
  | { readonly kind: "error"; readonly id: number; readonly error: RpcError; readonly bare?: true }
  | { readonly kind: "request"; readonly id: string; readonly method: string; readonly params: string }
  | { readonly kind: "notification"; readonly method: string; readonly params: string }
  /**
   * A reply that does not say to what: its id is null, as for a request that could not be read, is not there, or can't
   * be ours. Ours are integers from 1 on, which a server may give back as text.
   */
  | { readonly kind: "unowned"; readonly outcome: Outcome }
  /** Broken JSON-RPC; `id` when it could be told whose reply it was. */
  | { readonly kind: "malformed"; readonly id?: number; readonly problem: string }
  /** Not JSON-RPC at all: a banner, a log line. */
  | { readonly kind: "noise" };

/** What a reply says; `result` is JSON text. */
export type Outcome = { readonly result: string } | { readonly error: RpcError };

/** Most elements that are read of one batch. */
const maxBatch = 10_000;

/**
 * Whether a line of these bytes can be JSON-RPC: an object or an array. Anything else is noise, and need not be read.
 */
export function mayBeMessage(line: Uint8Array): boolean {
  let at = 0;
  while (line[at] === 0x20 || line[at] === 0x09 || line[at] === 0x0d) at += 1;
  return line[at] === 0x7b || line[at] === 0x5b;
}

/**
 * The messages of one line: one, or those of a batch (revision 2025-03-26 allows servers to send them). The text may
 * have line breaks between its parts.
 */
export function parseLine(line: string): Message[] {
  return /^[ \t\r\n]*\[/.test(line) ? parseBatch(line) : [parseMessage(line)];
}

/** Reads the messages of a batch. Elements that are none, and the line from where it is no JSON, are noise together. */
function parseBatch(line: string): Message[] {
  const messages: Message[] = [];
  let elements = 0;
  let noisy = false;
  try {
    for (const element of eachElement(line)) {
      noisy ||= elements === maxBatch;
      if (elements === maxBatch) break;
      elements += 1;
      const message = parseMessage(element);
      if (message.kind === "noise") noisy = true;
      else messages.push(message);
    }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    noisy = true;
  }
  return noisy || messages.length === 0 ? [...messages, { kind: "noise" }] : messages;
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
  if (fields.jsonrpc !== '"2.0"' && !isNearlyVersion(fields.jsonrpc)) return parseBare(fields, others);
  const method = fields.method === undefined ? undefined : stringOf(fields.method);
  if (method !== undefined) {
    if (hasOutcome(fields)) return bare(parseReply(fields));
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

/** As those write it who take it for a number. */
function isNearlyVersion(jsonrpc: string | undefined): boolean {
  return jsonrpc !== undefined && /^"?2(?:\.0*)?"?$/.test(jsonrpc);
}

/**
 * Without a word of JSON-RPC and with further members it would be a log line, which may well have an id and a result.
 * With another version it is no other message.
 */
function parseBare(fields: Fields, others: boolean): Message {
  const { jsonrpc, method, params } = fields;
  if (jsonrpc === undefined && (others || (method ?? params) !== undefined)) return { kind: "noise" };
  return bare(parseReply(fields));
}

function bare(reply: Message): Message {
  return reply.kind === "result" || reply.kind === "error" ? { ...reply, bare: true } : { kind: "noise" };
}

/** Some write each member that there is, and null where there is nothing to say. */
function hasOutcome({ result = "null", error = "null" }: Fields): boolean {
  return result !== "null" || error !== "null";
}

function parseReply(fields: Fields): Message {
  const outcome = outcomeOf(fields);
  const id = idOf(fields.id);
  if (id === undefined || id < 1) {
    return outcome === undefined ? { kind: "malformed", problem: noOutcome } : { kind: "unowned", outcome };
  }
  if (outcome === undefined) return { kind: "malformed", id, problem: noOutcome };
  return "result" in outcome ? { kind: "result", id, ...outcome } : { kind: "error", id, ...outcome };
}

const noOutcome = "neither result nor error";

function outcomeOf({ result, error }: Fields): Outcome | undefined {
  if (error !== undefined && error !== "null") return { error: parseError(error) };
  return result === undefined ? undefined : { result };
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
  /^[ \t\r\n]*\{[ \t\r\n]*(?:"jsonrpc"|"id"[ \t\r\n]*:[ \t\r\n]*(?:-?[0-9.eE+-]+|"[^"\\]*")[ \t\r\n]*,[ \t\r\n]*"(?:jsonrpc|method|result|error)")/;

/** A line that stops being JSON: noise, unless it had begun as a message, or began as a reply and ends as one. */
function brokenMessage(fields: Fields, text: string, error: JsonSyntaxError): Message {
  const atEnd = fields.method === undefined ? idAfterOutcome(text.slice(0, shownChars), text.slice(-shownChars)) : "";
  const begun = fields.jsonrpc === '"2.0"' || isNearlyVersion(fields.jsonrpc) || begunAsMessage.test(text);
  if (!begun && typeof atEnd !== "number") return { kind: "noise" };
  const id = fields.method === undefined ? (idOf(fields.id) ?? atEnd) : undefined;
  return { kind: "malformed", problem: error.message, ...(typeof id === "number" ? { id } : {}) };
}

/** So much of a broken line's beginning and end may tell whose it is. */
const shownChars = 4096;

function stringOf(text: string | undefined): string | undefined {
  return text?.startsWith('"') ? (JSON.parse(text) as string) : undefined;
}
