/**
 * One strict, iterative pass over JSON text (RFC 8259). It tells where things are and never builds values, so numbers,
 * escapes and repeated names stay as they were written, and depth costs memory instead of stack.
 */

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const zero = 0x30;

/**
 * Where a text stops being JSON, or breaks a limit of the scan. Offsets are in UTF-16 code units. It is not an Error:
 * two bytes of noise make one of these, and with the stack that an Error captures it would take 2 µs instead of 0.1
 * (bench/README.md, micro).
 */
export class JsonSyntaxError {
  readonly #problem: string;
  readonly offset: number;

  constructor(problem: string, offset: number) {
    this.#problem = problem;
    this.offset = offset;
  }

  get message(): string {
    return `${this.#problem} at offset ${this.offset}`;
  }
}

/** Sees the parts of a text in their order. Spans include the quotes of strings. */
export interface JsonVisitor {
  /** An object or list begins at this offset. */
  open?(start: number): void;
  close?(): void;
  name?(start: number, end: number): void;
  string?(start: number, end: number): void;
  number?(start: number, end: number): void;
  /** `true`, `false` or `null`. */
  literal?(start: number, end: number): void;
}

/** How many values may still come, shared by several scans. */
export interface ValueBudget {
  valuesLeft: number;
}

export interface ScanOptions {
  /** Containers inside one another; more is a JsonSyntaxError. Default: no limit. */
  readonly maxDepth?: number;
  /** More values, containers included, are a JsonSyntaxError. Default: no limit. */
  readonly budget?: ValueBudget;
  readonly visitor?: JsonVisitor;
}

const noOptions: ScanOptions = {};

/** Proves one JSON value at `start` (spaces before it allowed) and returns the offset after it. */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one loop that follows the grammar: a function for each kind of value would call itself, and depth is the caller's.
export function scanValue(text: string, start: number, options: ScanOptions = noOptions): number {
  const { maxDepth = Number.POSITIVE_INFINITY, budget, visitor } = options;
  const closers: number[] = [];
  let at = start;
  for (;;) {
    at = skipSpace(text, at);
    if (budget !== undefined) {
      budget.valuesLeft -= 1;
      if (budget.valuesLeft < 0) throw new JsonSyntaxError("too many values", at);
    }
    const code = text.charCodeAt(at);
    if (code === openBrace || code === openBracket) {
      if (closers.length >= maxDepth) throw new JsonSyntaxError(`more than ${maxDepth} levels of nesting`, at);
      const closer = code === openBrace ? closeBrace : closeBracket;
      visitor?.open?.(at);
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) !== closer) {
        closers.push(closer);
        if (code === openBrace) at = skipName(text, at, visitor);
        continue;
      }
      visitor?.close?.();
      at += 1;
    } else {
      at = skipScalar(text, at, visitor);
    }
    at = skipClosers(text, at, { closers, visitor });
    if (closers.length === 0) return at;
    at += 1; // the comma
    if (closers.at(-1) === closeBrace) at = skipName(text, skipSpace(text, at), visitor);
  }
}

/** After a value: closes what closes here and stops at a comma, or after the last closer. */
function skipClosers(
  text: string,
  start: number,
  scan: { closers: number[]; visitor: JsonVisitor | undefined },
): number {
  let at = start;
  while (scan.closers.length > 0) {
    at = skipSpace(text, at);
    const code = text.charCodeAt(at);
    if (code === comma) return at;
    if (code !== scan.closers.at(-1)) throw unexpected(text, at);
    scan.closers.pop();
    scan.visitor?.close?.();
    at += 1;
  }
  return at;
}

/** The offset after a member name and its colon. */
export function skipName(text: string, start: number, visitor: JsonVisitor | undefined): number {
  if (text.charCodeAt(start) !== quote) throw unexpected(text, start);
  const end = skipString(text, start);
  visitor?.name?.(start, end);
  const at = skipSpace(text, end);
  if (text.charCodeAt(at) !== colon) throw unexpected(text, at);
  return at + 1;
}

/** The offset after the string, number or literal that starts here. */
export function skipScalar(text: string, start: number, visitor: JsonVisitor | undefined): number {
  const code = text.charCodeAt(start);
  if (code === quote) {
    const end = skipString(text, start);
    visitor?.string?.(start, end);
    return end;
  }
  const word = literals.get(code);
  if (word !== undefined && text.startsWith(word, start)) {
    visitor?.literal?.(start, start + word.length);
    return start + word.length;
  }
  const end = skipNumber(text, start);
  visitor?.number?.(start, end);
  return end;
}

function skipNumber(text: string, start: number): number {
  // Of lists of numbers an expression makes twice the time: bench/README.md, micro.
  const first = text.charCodeAt(start);
  if (isDigit(first)) {
    let at = start + 1;
    while (first !== zero && isDigit(text.charCodeAt(at))) at += 1;
    if (endsNumber(text.charCodeAt(at))) return at;
  }
  numberToken.lastIndex = start;
  if (!numberToken.test(text)) throw unexpected(text, start);
  return numberToken.lastIndex;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function endsNumber(code: number): boolean {
  return code === comma || code === closeBracket || code === closeBrace;
}

/** By their first character. */
const literals = new Map(["true", "false", "null"].map((word) => [word.charCodeAt(0), word]));
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const escapedUnit = /\\u[0-9a-fA-F]{4}/y;
/** What may stand behind a backslash, but for `u` and its four digits. */
const shortEscapes = new Set([...'"\\/bfnrt'].map((char) => char.charCodeAt(0)));

/** So many plain characters of a string are read one by one; for more an expression is faster. */
const shortRun = 16;
/** For more plain characters than this, searches that look at many at once take a quarter: bench/README.md, micro. */
const longPlain = 1024;
/** All but the quote, the backslash and control characters. */
const plainChars = /[ !#-[\]-\uffff]*/y;
const quoteOrBackslash = /["\\]/g;
/** In two: V8 searches for sixteen characters many times faster than for thirty-two. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
const lowControls = /[\0-\x0f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const highControls = /[\x10-\x1f]/;

/** The offset after the string that starts here. */
export function skipString(text: string, start: number): number {
  let at = start + 1;
  let loopEnd = at + shortRun;
  for (;;) {
    if (at >= loopEnd) {
      at = skipPlain(text, at);
      loopEnd = at + shortRun;
    }
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) {
      at = skipEscape(text, at);
    } else if (code >= 0x20) {
      at += 1;
    } else if (Number.isNaN(code)) {
      throw new JsonSyntaxError("unexpected end of the text", at);
    } else {
      throw new JsonSyntaxError("control character in a string", at);
    }
  }
}

/** The offset of the first character from `start` on that is not plain. */
function skipPlain(text: string, start: number): number {
  // Beyond Latin-1 characters have two bytes, of which the searches look at one at a time.
  if (text.length - start > longPlain && text.charCodeAt(start) <= 0xff) {
    quoteOrBackslash.lastIndex = start;
    const end = quoteOrBackslash.test(text) ? quoteOrBackslash.lastIndex - 1 : text.length;
    if (end - start > longPlain && !hasControls(text.slice(start, end))) return end;
  }
  plainChars.lastIndex = start;
  plainChars.test(text);
  return plainChars.lastIndex;
}

/** The offset after the escape whose backslash is at `start`. */
function skipEscape(text: string, start: number): number {
  if (shortEscapes.has(text.charCodeAt(start + 1))) return start + 2;
  escapedUnit.lastIndex = start;
  if (!escapedUnit.test(text)) throw new JsonSyntaxError("invalid escape in a string", start);
  return escapedUnit.lastIndex;
}

function hasControls(text: string): boolean {
  return lowControls.test(text) || highControls.test(text);
}

/** The offset of what comes after spaces. */
export function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}

/** What to throw at a character that can't stand here. */
export function unexpected(text: string, at: number): JsonSyntaxError {
  const char = text.codePointAt(at);
  return char === undefined
    ? new JsonSyntaxError("unexpected end of the text", at)
    : new JsonSyntaxError(`unexpected ${JSON.stringify(String.fromCodePoint(char))}`, at);
}

/** Throws unless nothing but spaces follows. */
export function expectEnd(text: string, at: number): void {
  const end = skipSpace(text, at);
  if (end !== text.length) throw unexpected(text, end);
}
