const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * Whether the bytes of a JSON text, in pieces, hold more values than `max`, containers included. Nothing is built: each
 * value comes first in the text or in a container, or after a comma.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one pass over the bytes, in which a piece may end anywhere.
export function hasMoreValues(chunks: readonly Uint8Array[], max: number): boolean {
  // Every value but the last takes two bytes at least, and the usual text is short.
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  if (bytes < 2 * max) return false;
  let values = 1;
  let inString = false;
  let escaped = false;
  // A container that may have a first value.
  let opened = false;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
      } else if (byte > space) {
        if (byte === comma || (opened && byte !== closeBrace && byte !== closeBracket)) values += 1;
        if (values > max) return true;
        opened = byte === openBrace || byte === openBracket;
        inString = byte === quote;
      }
    }
  }
  return false;
}
