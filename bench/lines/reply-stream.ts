import { firstId } from "./line-readers.ts";

/** What the engine copies at once. */
const frameBytes = 32 * 1024;

/** The `index`-th reply, a line of so many bytes with its line break. */
export function replyLine(lineBytes: number, index: number): Buffer {
  const head = `{"jsonrpc":"2.0","id":${firstId + index},"result":{"content":[{"type":"text","text":"`;
  const tail = '"}]}}\n';
  const line = Buffer.alloc(lineBytes, "x");
  line.write(head);
  line.write(tail, lineBytes - tail.length);
  return line;
}

/** The line in the frames of Docker's attach stream. */
export function framed(line: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < line.length; at += frameBytes) {
    const payload = line.subarray(at, at + frameBytes);
    const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(payload.length, 4);
    parts.push(header, payload);
  }
  return Buffer.concat(parts);
}
