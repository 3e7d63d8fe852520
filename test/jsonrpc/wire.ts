import { Connection, type RequestOptions } from "../../src/jsonrpc/connection.ts";
import type { ConnectionLimits } from "../../src/jsonrpc/connection-limits.ts";

/** What the other side of a connection got, one parsed message a line. */
interface SentMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
}

/** A connection whose other side is this test: it reads what was written and answers by hand. */
export function openWire({ firstId = 1, ...limits }: Partial<ConnectionLimits> & { readonly firstId?: number } = {}) {
  const chunks: string[] = [];
  const heard = {
    notifications: [] as [string, string][],
    requests: [] as { id: string; method: string; params: string }[],
    noise: [] as { line: string; truncated: boolean }[],
    lateReplies: 0,
  };
  const reader = { reads: true };
  const connection = new Connection({
    write: (chunk) => {
      chunks.push(chunk.toString());
      return reader.reads;
    },
    listener: {
      notification: (method, params) => heard.notifications.push([method, params]),
      request: ({ id, method, params }) => heard.requests.push({ id, method, params }),
      noise: (line, note) => heard.noise.push({ line: line.toString(), truncated: note?.truncated ?? false }),
      unclaimedReply: () => {
        heard.lateReplies += 1;
      },
    },
    firstId,
    limits: { maxLineBytes: 1 << 20, maxQueuedChars: 1 << 20, ...limits },
  });
  return {
    connection,
    chunks,
    heard,
    reader,
    /** The messages that reached the other side. */
    sent: (): SentMessage[] =>
      chunks
        .join("")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    /** The other side writes these lines. */
    receive: (...lines: string[]) => connection.receive(Buffer.from(lines.map((line) => `${line}\n`).join(""))),
    request: (method = "m", requestOptions: RequestOptions = {}) => connection.request(method, "{}", requestOptions),
  };
}

/** Lets what was queued in this turn of the event loop be written. */
export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function reply(id: number, result = "{}"): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
}
