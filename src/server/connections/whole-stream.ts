import type { ServerHttp2Stream } from "node:http2";

/** Whether all of a stream's request has come. */
export function isWhole(stream: ServerHttp2Stream): boolean {
  return stream.endAfterHeaders || stream.readableEnded || stream.state.remoteClose === 1;
}
