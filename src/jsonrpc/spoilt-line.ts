import { isUtf8 } from "node:buffer";
import { JsonSyntaxError, scanValue } from "../json/json-scan.ts";
import { type Message, parseLine } from "./message.ts";

/** Where a message may begin: an object whose first member is one of a message's. */
const beginning = /\{[ \t\r]*"(?:jsonrpc|id|method|params|result|error)"[ \t\r]*:/g;
/** Each of these costs a pass over the line. */
const maxFailures = 16;
const maxMessages = 10_000;

/** Spaces, a BOM, and what colours a terminal (ECMA-48), as Latin-1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins them.
const nothing = /^(?:\s|\xef\xbb\xbf|\x1b\[[0-?]*[ -/]*[@-~])*$/;
const maxNothingChars = 1024;
/** What stands before a member's value or an element. */
const within = /(?:"\s*:|[,[])\s*$/;
const tailChars = 64;

interface Part {
  readonly start: number;
  readonly end: number;
  readonly message: Message;
}

/** What was found in a line. */
export interface Found {
  readonly messages: readonly Message[];
  /** Whether something else is in it, too. */
  readonly text: boolean;
}

/**
 * The messages in a line that is not one by itself. One behind another are what the server said, and so is what colours
 * them. With text on the line, as a server's own log or a bar that shows progress, only a whole reply that the text is
 * before or behind counts, and it is `bare`. What is within something else, or between two texts, is what somebody tells of a message.
 */
export function messagesWithin(line: Buffer): Found {
  const text = line.toString("latin1");
  const parts = partsOf(line, text);
  const gaps = gapsBetween(text, parts);
  const texts = gaps.map((gap) => !isNothing(gap));
  if (!texts.includes(true)) return { messages: parts.map(({ message }) => message), text: false };
  const first = texts.indexOf(true);
  const last = texts.lastIndexOf(true);
  const messages = parts.flatMap(({ message }, index) => {
    const before = first <= index;
    const isReply = message.kind === "result" || message.kind === "error";
    if (!isReply || message.bare || (before && last > index)) return [];
    const isWithin = before && within.test((gaps[index] ?? "").slice(-tailChars));
    return isWithin ? [] : [{ ...message, bare: true as const }];
  });
  return { messages, text: true };
}

function partsOf(line: Buffer, text: string): Part[] {
  const parts: Part[] = [];
  let failures = 0;
  let end = 0;
  beginning.lastIndex = 0;
  for (let found = beginning.exec(text); found !== null; found = beginning.exec(text)) {
    const start = found.index;
    const ending = endOf(text, start);
    // Broken where a message should be: of the rest nothing is certain.
    const broken = ending === undefined && isNothing(text.slice(end, start));
    if (ending !== undefined || broken) {
      end = ending ?? text.length;
      parts.push({ start, end, message: messageOf(line.subarray(start, end)) });
      beginning.lastIndex = end;
    } else failures += 1;
    if (broken || failures === maxFailures || parts.length === maxMessages) break;
  }
  return parts;
}

function endOf(text: string, start: number): number | undefined {
  try {
    return scanValue(text, start);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return undefined;
  }
}

function messageOf(bytes: Buffer): Message {
  const whole = isUtf8(bytes);
  const [message = { kind: "noise" }] = parseLine(bytes.toString(whole ? "utf8" : "latin1"));
  if (whole) return message;
  return message.kind === "result" || message.kind === "error"
    ? { kind: "malformed", id: message.id, problem: "it is not UTF-8" }
    : { kind: "noise" };
}

/** What is before, between and behind the parts. */
function gapsBetween(text: string, parts: readonly Part[]): string[] {
  const starts = [...parts.map(({ start }) => start), text.length];
  return starts.map((start, index) => text.slice(parts[index - 1]?.end ?? 0, start));
}

function isNothing(gap: string): boolean {
  return gap.length <= maxNothingChars && nothing.test(gap);
}
