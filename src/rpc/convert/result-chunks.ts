/** How large a piece may be. */
export interface ChunkOptions {
  readonly maxBytes: number;
  /**
   * Whether the piece will stand in a JSON string, where quotes, backslashes and control characters take two bytes or
   * six.
   */
  readonly escaped: boolean;
}

export interface Chunk {
  readonly text: string;
  readonly last: boolean;
}

/**
 * A text in pieces of at most so many bytes of UTF-8, cut between characters. Each is made when it is asked for, out of
 * the one text, without a copy of it.
 */
export function* textChunks(text: string, options: ChunkOptions): Generator<Chunk> {
  for (let start = 0; start < text.length; ) {
    const end = endOfChunk(text, start, options);
    yield { text: text.slice(start, end), last: end === text.length };
    start = end;
  }
}

/** Where the piece ends that begins at `start`; it has one character at least. */
function endOfChunk(text: string, start: number, { maxBytes, escaped }: ChunkOptions): number {
  let at = start;
  let bytes = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    bytes += charBytes(code, escaped);
    if (bytes > maxBytes && at > start) break;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

function charBytes(code: number, escaped: boolean): number {
  if (code < 0x80) {
    if (!escaped || (code >= 0x20 && code !== 0x22 && code !== 0x5c)) return 1;
    return code < 0x20 ? 6 : 2;
  }
  if (code < 0x800) return 2;
  // An unpaired surrogate becomes U+FFFD, or in JSON an escape.
  if (code >= 0xd800 && code < 0xe000) return escaped ? 6 : 3;
  return code < 0x10000 ? 3 : 4;
}
