import type { ServerHttp2Stream } from "node:http2";
import type { NodeRequest } from "./node-handler.ts";

/** What was read of a request's body by whoever then left the request to another. */
export interface ReadBefore {
  readonly chunks: readonly Buffer[];
  /** Whether there is no more of it. */
  readonly whole: boolean;
}

const readBefore = new WeakMap<object, ReadBefore>();

/** The body of the stream's request begins with what was read. The stream is paused, or has ended. */
export function leaveBody(stream: ServerHttp2Stream, read: ReadBefore): void {
  readBefore.set(stream, read);
}

/** What was read of a request's body before; undefined: nothing. Can be asked once. */
export function takeBody(request: NodeRequest): ReadBefore | undefined {
  if (!("stream" in request)) return undefined;
  const read = readBefore.get(request.stream);
  if (read === undefined) return undefined;
  readBefore.delete(request.stream);
  if (read.whole) return read;
  // The request listens to its stream from its first read on; one that flows before would lose what comes.
  request.read(0);
  request.stream.resume();
  return read;
}
