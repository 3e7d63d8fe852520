/**
 * read-lines READER LINE_BYTES CHUNK_BYTES LINES: a process of its own, which reads so many lines and prints what that
 * cost as JSON.
 */
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { forgetPeak, memoryOf } from "../measure/process-memory.ts";
import { type LineReader, readers } from "./line-readers.ts";
import { framed, replyLine } from "./reply-stream.ts";

export interface LineCost {
  readonly cpuNsPerByte: number;
  /** Beyond what the process had before. */
  readonly peakBytes: number;
  readonly error?: string;
}

const [readerName = "", lineText, chunkText, countText] = process.argv.slice(2);
const [lineBytes, chunkBytes, count] = [Number(lineText), Number(chunkText), Number(countText)];
const open = readers[readerName as keyof typeof readers];
const toStream = readerName === "ours" ? framed : (line: Buffer) => line;
const warmUpBytes = 64 * 1024;
const warmUpLines = 20;

// Compiles what runs hot.
const warm = open({ lineBytes: warmUpBytes, maxLineBytes: warmUpBytes });
for (let index = 0; index < warmUpLines; index += 1) await read(warm, toStream(replyLine(warmUpBytes, index)), 1024);

const streams = Array.from({ length: count }, (_, index) => toStream(replyLine(lineBytes, index)));
const reader = open({ lineBytes, maxLineBytes: lineBytes });
setFlagsFromString("--expose-gc");
runInNewContext("gc")();
await delay(50); // What it freed goes back to the system.
forgetPeak("self");
const before = memoryOf("self").nowBytes;
const start = process.cpuUsage();
let error: string | undefined;
try {
  for (const stream of streams) await read(reader, stream, chunkBytes);
} catch (thrown) {
  error = (thrown as Error).message;
}
const { user, system } = process.cpuUsage(start);
const cost: LineCost = {
  cpuNsPerByte: ((user + system) * 1000) / (lineBytes * count),
  peakBytes: memoryOf("self").peakBytes - before,
  ...(error === undefined ? {} : { error }),
};
process.stdout.write(JSON.stringify(cost));

async function read(into: LineReader, stream: Buffer, size: number): Promise<void> {
  for (let at = 0; at < stream.length; at += size) into.push(stream.subarray(at, at + size));
  if ((await into.taken()) === 0) throw new Error("the line's result did not come");
}
