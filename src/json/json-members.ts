import {
  expectEnd,
  JsonSyntaxError,
  scanValue,
  skipName,
  skipSpace,
  skipString,
  unexpected,
  type ValueBudget,
} from "./json-scan.ts";

const openBrace = 0x7b;
const closeBrace = 0x7d;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * Most members of one object that are told apart. JSON-RPC messages, tools and results have a dozen; an object of
 * millions would cost a hundred bytes of memory for each of its own.
 */
const maxMembers = 10_000;

/** One member of an object: its decoded name, and its value as it was written. */
export interface JsonMember {
  readonly name: string;
  readonly value: string;
}

/**
 * The members of the object that is the whole of `text`, in their order. Throws JsonSyntaxError for anything else, and
 * for more than 10,000 members.
 */
export function objectMembers(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  eachMember(text, (name, value) => members.push({ name, value }));
  return members;
}

/** As objectMembers, one by one: what comes before a syntax error is still seen. */
export function eachMember(text: string, visit: (name: string, value: string) => void): void {
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBrace) throw unexpected(text, at);
  at = skipSpace(text, at + 1);
  let isOpen = text.charCodeAt(at) !== closeBrace;
  for (let members = 1; isOpen; members += 1) {
    const nameStart = skipSpace(text, at);
    if (members > maxMembers) throw new JsonSyntaxError(`more than ${maxMembers} members`, nameStart);
    const afterColon = skipName(text, nameStart, undefined);
    const valueStart = skipSpace(text, afterColon);
    const valueEnd = scanValue(text, valueStart);
    visit(decodeName(text, nameStart), text.slice(valueStart, valueEnd));
    at = skipSpace(text, valueEnd);
    isOpen = text.charCodeAt(at) === comma;
    if (isOpen) at += 1;
    else if (text.charCodeAt(at) !== closeBrace) throw unexpected(text, at);
  }
  expectEnd(text, at + 1);
}

/** The name whose quote is at `start`. */
export function decodeName(text: string, start: number): string {
  const raw = text.slice(start, skipString(text, start));
  return raw.includes("\\") ? (JSON.parse(raw) as string) : raw.slice(1, -1);
}

/**
 * The elements of the array that is the whole of `text`, as they were written. Throws JsonSyntaxError as eachElement.
 */
export function arrayElements(text: string, options: ElementOptions = {}): string[] {
  return [...eachElement(text, options)];
}

export interface ElementOptions {
  /** Values in all, those inside elements included; more is a JsonSyntaxError. Default: no limit. */
  readonly maxValues?: number;
}

/**
 * As arrayElements, one by one: what comes before a syntax error is still seen, and the reader may stop at any element.
 */
export function* eachElement(text: string, options: ElementOptions = {}): Generator<string> {
  const { maxValues } = options;
  const scan: { budget?: ValueBudget } = maxValues === undefined ? {} : { budget: { valuesLeft: maxValues } };
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBracket) throw unexpected(text, at);
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) === closeBracket) return expectEnd(text, at + 1);
  for (;;) {
    const start = skipSpace(text, at);
    const end = scanValue(text, start, scan);
    yield text.slice(start, end);
    at = skipSpace(text, end);
    const code = text.charCodeAt(at);
    if (code !== comma && code !== closeBracket) throw unexpected(text, at);
    at += 1;
    if (code === closeBracket) return expectEnd(text, at);
  }
}
