/** JSON has these only inside strings. */
const otherBreaks = ["\u0085", "\u2028", "\u2029"];
const escapes = otherBreaks.map((char) => Buffer.from(`\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`));
const escapeBytes = 6;

/**
 * Escapes what JSON-RPC over stdio does not take for a line break, and some readers of lines do: U+2028 and U+2029 for
 * Node's readline, and U+0085 too for Java's Scanner and Python's str.splitlines. The JSON value is the same. `json`
 * must be well-formed.
 */
export function oneLine(json: string): string {
  // A search takes a thirtieth of a replacement (bench/README.md, micro), and almost never finds one.
  return otherBreaks.some((char) => json.includes(char)) ? escaped(Buffer.from(json)) : json;
}

/**
 * Puts a space in the place of each raw line break and tab. In JSON that is proven they stand between its parts alone.
 */
export function spacedOut(json: string): string {
  if (!/[\r\n\t]/.test(json)) return json;
  const bytes = Buffer.from(json);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === 0x0a || byte === 0x0d || byte === 0x09) bytes[at] = 0x20;
  }
  return bytes.toString();
}

/** Byte by byte: a text of millions of breaks takes seconds to replace as text. */
function escaped(bytes: Buffer): string {
  let breaks = 0;
  for (let at = 0; at < bytes.length; at += 1) if (breakAt(bytes, at) !== undefined) breaks += 1;
  // Each has two bytes at least.
  const line = Buffer.allocUnsafe(bytes.length + breaks * (escapeBytes - 2));
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const found = breakAt(bytes, at);
    if (found === undefined) {
      line[length++] = bytes[at] ?? 0;
    } else {
      length += (escapes[found] as Buffer).copy(line, length);
      at += found === 0 ? 1 : 2;
    }
  }
  return line.toString("utf8", 0, length);
}

/** Which of the breaks begins here, in UTF-8: C2 85, E2 80 A8, E2 80 A9. */
function breakAt(bytes: Buffer, at: number): number | undefined {
  const byte = bytes[at];
  if (byte === 0xc2) return bytes[at + 1] === 0x85 ? 0 : undefined;
  if (byte !== 0xe2 || bytes[at + 1] !== 0x80) return undefined;
  const last = bytes[at + 2];
  return last === 0xa8 ? 1 : last === 0xa9 ? 2 : undefined;
}
