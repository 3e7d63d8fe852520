import { setImmediate as immediate } from "node:timers/promises";
import { ReadBuffer } from "@modelcontextprotocol/sdk/shared/stdio.js";
import { Connection } from "../../src/jsonrpc/connection.ts";
import { Demuxer } from "../../src/runtime/docker/stdio/demux.ts";

/** Reads one stream of replies; after `push` of a whole line, `taken` has the characters of its result. */
export interface LineReader {
  push(chunk: Buffer): void;
  /** Resolves when the reply to the last line has come, with the length of its result's text. */
  taken(): Promise<number>;
}

export const firstId = 100_000;

export interface ReaderOptions {
  readonly lineBytes: number;
  readonly maxLineBytes: number;
}

/** The manager's own way: the engine's frames, lines, the scan for the id, the call that waits for it. */
export function ourReader({ maxLineBytes }: ReaderOptions): LineReader {
  const connection = new Connection({
    write: () => true,
    firstId,
    limits: { maxLineBytes, maxQueuedChars: 1024 },
    listener: { notification() {}, request() {}, noise() {}, unclaimedReply() {} },
  });
  const demuxer = new Demuxer({ stdout: (chunk) => connection.receive(chunk), stderr() {} });
  let call = connection.request("tools/call", "{}");
  return {
    push: (chunk) => demuxer.push(chunk),
    async taken() {
      const reply = await call;
      call = connection.request("tools/call", "{}");
      await immediate(); // It is written.
      return "result" in reply ? reply.result.length : 0;
    },
  };
}

/** The least that can be done: each byte copied once into a buffer of the right size, then made a text. */
export function floorReader({ lineBytes }: ReaderOptions): LineReader {
  let line = Buffer.allocUnsafe(lineBytes);
  let length = 0;
  let chars = 0;
  return {
    push(chunk) {
      length += chunk.copy(line, length);
      if (chunk.at(-1) !== 0x0a) return;
      chars = line.toString("utf8", 0, length).length;
      line = Buffer.allocUnsafe(lineBytes);
      length = 0;
    },
    async taken() {
      return chars;
    },
  };
}

/** As StdioClientTransport of the MCP SDK does on each chunk. */
export function sdkReader(): LineReader {
  const buffer = new ReadBuffer();
  let chars = 0;
  return {
    push(chunk) {
      buffer.append(chunk);
      for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) {
        const { result } = message as { result?: { content?: { text?: string }[] } };
        chars = result?.content?.[0]?.text?.length ?? 0;
      }
    },
    async taken() {
      return chars;
    },
  };
}

export const readers = { ours: ourReader, floor: floorReader, sdk: sdkReader };
