import { expectEnd, scanValue, skipName, skipSpace, skipString, unexpected } from "./json-scan.ts";

const openBrace = 0x7b;
const closeBrace = 0x7d;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** One member of an object: its decoded name, and its value as it was written. */
export interface JsonMember {
  readonly name: string;
  readonly value: string;
}

/** The members of the object that is the whole of `text`, in their order. Throws JsonSyntaxError for anything else. */
export function objectMembers(text: string, options: { maxDepth?: number } = {}): JsonMember[] {
  const members: JsonMember[] = [];
  for (const member of eachMember(text, options)) members.push(member);
  return members;
}

/** As objectMembers, one by one: what comes before a syntax error is still seen. */
export function* eachMember(text: string, options: { maxDepth?: number } = {}): Generator<JsonMember> {
  const scan = options.maxDepth === undefined ? {} : { maxDepth: options.maxDepth - 1 };
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBrace) throw unexpected(text, at);
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === closeBrace) return expectEnd(text, at + 1);
  for (;;) {
    const nameStart = skipSpace(text, at);
    const afterColon = skipName(text, nameStart, undefined);
    const valueStart = skipSpace(text, afterColon);
    const valueEnd = scanValue(text, valueStart, scan);
    yield { name: decodeName(text, nameStart), value: text.slice(valueStart, valueEnd) };
    at = skipSpace(text, valueEnd);
    const code = text.charCodeAt(at);
    if (code === closeBrace) return expectEnd(text, at + 1);
    if (code !== comma) throw unexpected(text, at);
    at += 1;
  }
}

function decodeName(text: string, start: number): string {
  const raw = text.slice(start, skipString(text, start));
  return raw.includes("\\") ? (JSON.parse(raw) as string) : raw.slice(1, -1);
}

/** The elements of the array that is the whole of `text`, as they were written. */
export function arrayElements(text: string): string[] {
  const elements: string[] = [];
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBracket) throw unexpected(text, at);
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === closeBracket) {
    expectEnd(text, at + 1);
    return elements;
  }
  for (;;) {
    const start = skipSpace(text, at);
    const end = scanValue(text, start);
    elements.push(text.slice(start, end));
    at = skipSpace(text, end);
    const code = text.charCodeAt(at);
    if (code !== comma && code !== closeBracket) throw unexpected(text, at);
    at += 1;
    if (code === closeBracket) {
      expectEnd(text, at);
      return elements;
    }
  }
}
