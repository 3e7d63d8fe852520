import assert from "node:assert/strict";
import fc from "fast-check";
import { Demuxer } from "../../../src/runtime/docker/stdio/demux.ts";
import type { FuzzCase, FuzzTarget } from "../fuzz-target.ts";
import { splits } from "../splits.ts";

interface Output {
  /** What went where, in its order: "1" or "2" before the bytes as Latin-1. */
  readonly seen: readonly string[];
  readonly corrupt: boolean;
}

const header = fc
  .tuple(fc.constantFrom("\u0001", "\u0002", "\u0001", "\u0002", "\u0000", "\u0003"), fc.nat(300))
  .map(([type, length]) => `${type}\0\0\0\0\0${String.fromCharCode(length >> 8, length & 255)}`);
const bytes = fc.uint8Array({ maxLength: 40 }).map((data) => Buffer.from(data).toString("latin1"));
const frame = fc
  .tuple(fc.constantFrom("\u0001", "\u0002"), bytes)
  .map(([type, data]) => `${type}\0\0\0\0\0\0${String.fromCharCode(data.length)}${data}`);

/** The same stream gives the same payloads to the same sides however it is cut, and breaks at the same byte. */
export const demuxFrames: FuzzTarget = {
  name: "demux-frames",
  shape: "chunks",
  cases: fc.array(fc.oneof({ arbitrary: frame, weight: 6 }, header, bytes), { maxLength: 12 }),
  dictionary: [
    "\u0001\0\0\0\0\0\0\u0005",
    "\u0002\0\0\0\0\0\0\0",
    "\u0001\0\0\0\xff\xff\xff\xff",
    "\0",
    "\u0003",
    "HTTP/1.1 ",
  ],
  check(input) {
    const expected = byTheBook(input);
    for (const { how, chunks } of splits(input)) assert.deepEqual(demuxed(chunks), expected, how);
  },
};

function demuxed(chunks: readonly Buffer[]): Output {
  const seen: string[] = [];
  const demuxer = new Demuxer({
    stdout: (chunk) => append(seen, "1", chunk.toString("latin1")),
    stderr: (chunk) => append(seen, "2", chunk.toString("latin1")),
  });
  try {
    for (const chunk of chunks) demuxer.push(chunk);
  } catch (error) {
    assert.match((error as Error).message, /attach stream is corrupt/);
    return { seen, corrupt: true };
  }
  return { seen, corrupt: false };
}

/** The format as Docker's API documentation has it, read from the whole stream. */
function byTheBook(input: FuzzCase): Output {
  const stream = Buffer.from(input.join(""), "latin1");
  const seen: string[] = [];
  for (let at = 0; at + 8 <= stream.length; ) {
    const [type = 0, ...zeros] = stream.subarray(at, at + 4);
    if ((type !== 1 && type !== 2) || zeros.some((byte) => byte !== 0)) return { seen, corrupt: true };
    const end = at + 8 + stream.readUInt32BE(at + 4);
    append(seen, String(type), stream.toString("latin1", at + 8, Math.min(end, stream.length)));
    at = end;
  }
  return { seen, corrupt: false };
}

/** Where a payload is cut means nothing. */
function append(seen: string[], side: string, text: string): void {
  if (text === "") return;
  if (seen.at(-1)?.startsWith(side)) seen.push(`${seen.pop()}${text}`);
  else seen.push(`${side}${text}`);
}
