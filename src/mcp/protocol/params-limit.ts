import { invalidRequest } from "../../base/errors/errors.ts";
import { oneLine } from "../../json/one-line.ts";

/** Servers on the TypeScript SDK end their session at an inbound line of 10 MiB. */
const maxParamsBytes = 10 * 1024 * 1024 - 1024;
/** In UTF-8, of each UTF-16 code unit. */
const maxBytesOfChar = 3;
/** In JSON, of each UTF-16 code unit; ASCII, so as many bytes. */
const maxCharsOfChar = 6;

export const tooLargeForParams = `is too large: what a call sends may have at most ${maxParamsBytes} bytes as JSON`;

/** Throws `invalid` for params that are larger than servers accept; `texts`: what they are made of, by field. */
export function refuseLargeParams(params: string, texts: Readonly<Record<string, string | undefined>>): void {
  // Counting copies a text that is strung together. What counts is what goes out: the outbox escapes by `oneLine`.
  if (params.length * maxCharsOfChar <= maxParamsBytes || Buffer.byteLength(oneLine(params)) <= maxParamsBytes) return;
  const [[field] = [""]] = Object.entries(texts).sort(([, a = ""], [, b = ""]) => b.length - a.length);
  throw invalidRequest([{ field, description: tooLargeForParams }]);
}

/**
 * Whether texts of so many characters are, as strings of JSON, no larger than params may be: 16 MB of control
 * characters would be written as 100 MB of JSON first. `charsInJson` counts them there.
 */
export function fitForParams(chars: number, charsInJson: () => number): boolean {
  if (chars * maxCharsOfChar <= maxParamsBytes) return true;
  return chars <= maxParamsBytes && charsInJson() <= maxParamsBytes;
}

/** How many characters a text has in JSON, without the quotes. */
export function jsonChars(text: string): number {
  let chars = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20) chars += shortEscapes.has(code) ? 1 : 5;
    else if (code === 0x22 || code === 0x5c) chars += 1;
  }
  return chars;
}

/** `\b`, `\t`, `\n`, `\f` and `\r`. */
const shortEscapes = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

/** Throws `invalid` for a JSON text that no call may send, before anything looks at what it says. */
export function refuseLargeText(text: string, field: string): void {
  if (text.length * maxBytesOfChar <= maxParamsBytes || Buffer.byteLength(text) <= maxParamsBytes) return;
  throw invalidRequest([{ field, description: tooLargeForParams }]);
}
