/**
 * skip-line LINE_BYTES CHUNK_BYTES: a process of its own, which reads a reply beyond the limit of 32 MiB, its id last,
 * then another one that fits, and prints what the long one cost as JSON.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ManagerError } from "../../src/base/errors/errors.ts";
import { Connection } from "../../src/jsonrpc/connection.ts";
import { Demuxer } from "../../src/runtime/docker/stdio/demux.ts";
import { forgetPeak, memoryOf } from "../measure/process-memory.ts";
import type { LineCost } from "./read-lines.ts";
import { framed } from "./reply-stream.ts";

const [lineBytes, chunkBytes] = process.argv.slice(2).map(Number);
if (lineBytes === undefined || chunkBytes === undefined) throw new Error("skip-line LINE_BYTES CHUNK_BYTES");
const connection = new Connection({
  write: () => true,
  firstId: 1,
  limits: { maxLineBytes: 32 * 1024 * 1024, maxQueuedChars: 1024 },
  listener: { notification() {}, request() {}, noise() {}, unclaimedReply() {} },
});
const demuxer = new Demuxer({ stdout: (chunk) => connection.receive(chunk), stderr() {} });
const long = connection.request("tools/call", "{}").then(
  () => "a result",
  (error: unknown) => (error instanceof ManagerError ? error.details.reason : "no reason"),
);
const next = connection.request("tools/call", "{}");

const blockBytes = 64 * 1024;
const block = framed(Buffer.alloc(blockBytes, "x"));
await delay(50);
forgetPeak("self");
const before = memoryOf("self").nowBytes;
const start = process.cpuUsage();
push(framed(Buffer.from('{"jsonrpc":"2.0","result":"')));
for (let bytes = 0; bytes < lineBytes; bytes += blockBytes) push(block);
push(framed(Buffer.from('","id":1}\n{"jsonrpc":"2.0","id":2,"result":{}}\n')));
const { user, system } = process.cpuUsage(start);
const peakBytes = memoryOf("self").peakBytes - before;
const [reason, reply] = await Promise.all([long, next]);
if (reason !== "RESULT_TOO_LARGE" || !("result" in reply)) throw new Error(`the calls ended otherwise: ${reason}`);
const cost: LineCost = { cpuNsPerByte: ((user + system) * 1000) / lineBytes, peakBytes };
process.stdout.write(JSON.stringify(cost));

function push(stream: Buffer): void {
  for (let at = 0; at < stream.length; at += chunkBytes ?? 1) demuxer.push(stream.subarray(at, at + (chunkBytes ?? 1)));
}
