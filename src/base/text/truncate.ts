import { detached } from "./detached.ts";

/**
 * The text if it has at most `maxBytes` of UTF-8, else its beginning (or its end) with an ellipsis; characters stay
 * whole.
 */
export function truncateUtf8(text: string, options: { maxBytes: number; keep: "start" | "end" }): string {
  // One character more than may stay shows that something is cut; the rest may be millions.
  const enough = options.maxBytes + 1;
  const part = options.keep === "start" ? text.slice(0, enough) : text.slice(-enough);
  const bytes = Buffer.from(part);
  if (bytes.length <= options.maxBytes) return text;
  const room = options.maxBytes - 3;
  if (options.keep === "start") {
    let end = room;
    while (end > 0 && isContinuation(bytes[end])) end -= 1;
    return `${bytes.subarray(0, end)}…`;
  }
  let start = bytes.length - room;
  while (start < bytes.length && isContinuation(bytes[start])) start += 1;
  return `…${bytes.subarray(start)}`;
}

/** The beginning of a text, as `truncateUtf8` cuts it, that shares nothing with the text. */
export function detachedBeginning(text: string, maxBytes: number): string {
  return detached(truncateUtf8(text, { maxBytes, keep: "start" }));
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
