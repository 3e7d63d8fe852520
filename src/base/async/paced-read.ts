import type { Readable } from "node:stream";

/** Most bytes and lines that one stream may hand on in one turn of the event loop. */
const maxBytesPerTurn = 256 * 1024;
const maxLinesPerTurn = 500;
const lineFeed = 0x0a;

/**
 * Reads a stream in portions: what it gives beyond them waits for the next turn of the event loop, so that a flood of
 * short lines, each of which costs more than its bytes, leaves time for everything else. A stream that waits is paused,
 * which in the end holds back its writer.
 */
export function readPaced(source: Readable, onData: (chunk: Buffer) => void): void {
  let bytesLeft = maxBytesPerTurn;
  let linesLeft = maxLinesPerTurn;
  let inTurn = false;
  const nextTurn = () => {
    inTurn = false;
    bytesLeft = maxBytesPerTurn;
    linesLeft = maxLinesPerTurn;
    source.resume();
  };
  source.on("data", (chunk: Buffer) => {
    if (!inTurn) setImmediate(nextTurn);
    inTurn = true;
    const lines = countLines(chunk, linesLeft);
    bytesLeft -= lines.bytes;
    linesLeft -= lines.count;
    if (bytesLeft <= 0 || linesLeft <= 0) source.pause();
    if (lines.bytes < chunk.length) source.unshift(chunk.subarray(lines.bytes));
    onData(chunk.subarray(0, lines.bytes));
  });
}

/**
 * The line breaks in a chunk, at most so many, and the bytes up to and with the last of these; all if there are fewer.
 */
function countLines(chunk: Buffer, max: number): { count: number; bytes: number } {
  let at = 0;
  for (let count = 0; count < max; count += 1) {
    const end = chunk.indexOf(lineFeed, at);
    if (end === -1) return { count, bytes: chunk.length };
    at = end + 1;
  }
  return { count: max, bytes: at };
}
