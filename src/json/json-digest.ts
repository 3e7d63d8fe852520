import { hash } from "node:crypto";
import { maxCallerValues } from "./caller-json.ts";
import { JsonSyntaxError, type JsonVisitor, scanValue } from "./json-scan.ts";

/** The text of an object or list that is longer is replaced by its own digest, so that depth costs nothing. */
const maxInlineChars = 64;

interface Member {
  readonly name: string;
  readonly value: string;
}

interface Container {
  readonly kind: "object" | "list";
  readonly members: Member[];
  /** Of the member that comes next. */
  name: string;
}

/**
 * sha256 of one JSON value, in base64: equal for texts that differ only in the spaces between their parts and in the
 * order of members. Callers who send the same structure again may write its members in another order: protobuf has none
 * for maps. Numbers, strings and names count as they are written. `text` must be JSON. One of more values than a
 * caller's structure may have came as text, and is its caller's own: there the order counts, too.
 */
export function jsonDigest(text: string): string {
  return sha256(ordered(text) ?? withoutSpaces(text));
}

/** The text with members in order and long parts replaced by digests; undefined when it has too many values. */
function ordered(text: string): string | undefined {
  const open: Container[] = [];
  let whole = "";
  const value = (written: string) => {
    const container = open.at(-1);
    if (container === undefined) whole = written;
    else container.members.push({ name: container.name, value: written });
  };
  const scalar = (start: number, end: number) => value(text.slice(start, end));
  const visitor: JsonVisitor = {
    open(start) {
      open.push({ kind: text[start] === "{" ? "object" : "list", members: [], name: "" });
    },
    close() {
      const container = open.pop();
      if (container !== undefined) value(inlined(container));
    },
    name(start, end) {
      const container = open.at(-1);
      if (container !== undefined) container.name = text.slice(start, end);
    },
    string: scalar,
    number: scalar,
    literal: scalar,
  };
  try {
    scanValue(text, 0, { visitor, budget: { valuesLeft: maxCallerValues } });
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
  return whole;
}

/** `ordered` gives no text that begins like this. */
function withoutSpaces(text: string): string {
  const bytes = Buffer.from(text);
  let length = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) inString = !inString;
    else if (!inString && isSpace(byte)) continue;
    bytes[length++] = byte;
    // What is escaped ends no string.
    if (inString && byte === backslash) bytes[length++] = bytes[++at] ?? 0;
  }
  return `=${bytes.toString("utf8", 0, length)}`;
}

const quote = 0x22;
const backslash = 0x5c;

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function sha256(text: string): string {
  return hash("sha256", text, "base64");
}

function inlined({ kind, members }: Container): string {
  const text =
    kind === "list"
      ? `[${members.map(({ value }) => value).join()}]`
      : `{${members
          .sort(byName)
          .map(({ name, value }) => `${name}:${value}`)
          .join()}}`;
  // No JSON value begins like this.
  return text.length <= maxInlineChars ? text : `#${sha256(text)}`;
}

/** Members of the same name stay in their order: servers differ in which of them they take. */
function byName(a: Member, b: Member): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
