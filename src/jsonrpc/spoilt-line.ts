import { isUtf8 } from "node:buffer";
import { JsonSyntaxError, scanValue } from "../json/json-scan.ts";
import { type Message, parseLine } from "./message.ts";

/** Where a message may begin: an object whose first member is one of a message's. */
const beginning = /\{[ \t\r]*"(?:jsonrpc|id|method|params|result|error)"[ \t\r]*:/g;
/** Only the whole rest may show that a beginning is none: all attempts together may read a line twice. */
const maxPasses = 2;
/** What an attempt costs besides what it reads, in characters; a short line has some. */
const attemptChars = 256;
const firstAttempts = 16;
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
 * before or behind counts, and it is `bare`. A message within something else, or between two texts, is only quoted. Of a
 * message that breaks off, the whole replies that end the line count, too: two threads wrote at once, or one did not
 * end its line.
 */
export function messagesWithin(line: Buffer): Found {
  const text = line.toString("latin1");
  const { parts, brokenAt } = partsOf(line, text);
  if (brokenAt === undefined) return messagesOf(text, parts);
  const replies = repliesAtEnd(text, parts, brokenAt);
  const broken = { start: brokenAt, end: text.length, message: messageOf(line.subarray(brokenAt, replies[0]?.start)) };
  const found = messagesOf(text, [...parts.filter(({ start }) => start < brokenAt), broken]);
  if (replies.length === 0) return found;
  const isBroken = ({ kind }: Message) => kind === "malformed" || kind === "noise";
  // A call that has both has its reply.
  const messages = [
    ...found.messages.filter((message) => !isBroken(message)),
    ...replies.map(({ message }) => message),
    ...found.messages.filter(isBroken),
  ];
  return { messages, text: true };
}

function messagesOf(text: string, parts: readonly Part[]): Found {
  const gaps = gapsBetween(text, parts);
  const texts = gaps.map((gap) => !isNothing(gap));
  if (!texts.includes(true)) return { messages: parts.map(({ message }) => message), text: false };
  const first = texts.indexOf(true);
  const last = texts.lastIndexOf(true);
  const messages = parts.flatMap(({ message }, index) => {
    const before = first <= index;
    if (!isWholeReply(message) || (before && last > index)) return [];
    return before && isWithin(gaps[index] ?? "") ? [] : [{ ...message, bare: true as const }];
  });
  return { messages, text: true };
}

/** The whole replies behind a message that breaks off, one behind another up to the end of the line. */
function repliesAtEnd(text: string, parts: readonly Part[], brokenAt: number): Part[] {
  const replies: Part[] = [];
  let end = text.length;
  for (const part of parts.toReversed()) {
    const { message } = part;
    if (part.start <= brokenAt || !isNothing(text.slice(part.end, end))) break;
    if (!isWholeReply(message)) break;
    replies.unshift({ ...part, message: { ...message, bare: true } });
    end = part.start;
  }
  return isWithin(text.slice(0, end)) ? replies.slice(1) : replies;
}

function isWithin(before: string): boolean {
  return within.test(before.slice(-tailChars));
}

type Reply = Extract<Message, { readonly kind: "result" | "error" }>;

function isWholeReply(message: Message): message is Reply {
  return (message.kind === "result" || message.kind === "error") && !message.bare;
}

function partsOf(line: Buffer, text: string): { readonly parts: Part[]; readonly brokenAt: number | undefined } {
  const parts: Part[] = [];
  let brokenAt: number | undefined;
  let charsLeft = maxPasses * text.length + firstAttempts * attemptChars;
  let end = 0;
  beginning.lastIndex = 0;
  for (let found = beginning.exec(text); found !== null; found = beginning.exec(text)) {
    const start = found.index;
    const { whole, ending } = endOf(text, start);
    if (whole) {
      end = ending;
      parts.push({ start, end, message: messageOf(line.subarray(start, end)) });
      beginning.lastIndex = end;
    } else {
      // Broken where a message should be.
      if (brokenAt === undefined && isNothing(text.slice(end, start))) brokenAt = start;
      charsLeft -= ending - start + attemptChars;
    }
    if (charsLeft < 0 || parts.length === maxMessages) break;
  }
  return { parts, brokenAt };
}

/** Where the value ends that starts here, or stops being one. */
function endOf(text: string, start: number): { readonly whole: boolean; readonly ending: number } {
  try {
    return { whole: true, ending: scanValue(text, start) };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { whole: false, ending: error.offset };
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
