import type { ServerHttp2Stream } from "node:http2";
import type { NodeRequest } from "../handlers/node-handler.ts";
import type { Transfer } from "../responses/transfer-budget.ts";
import { comingBody } from "./coming-body.ts";

/** What a reader had read of a request's body when it left the request to another reader. */
export interface ReadBefore {
  readonly bytes: Buffer;
  /** Whether there is no more of it. */
  readonly whole: boolean;
}

const readBefore = Symbol("readBefore");

/** What a request, or its stream, carries to its next reader. */
interface Left {
  [readBefore]?: ReadBefore;
}

/**
 * Puts back what was read of a request's body or stream: the next reader begins with it. A body that was not read to
 * its end is paused.
 */
export function leaveBody(from: (NodeRequest | ServerHttp2Stream) & Left, read: ReadBefore): void {
  from[readBefore] = read;
}

/**
 * A request's body. A reader that stops early leaves the connection whole: the response has to go out on it. Throws
 * `cancelled` when the caller leaves before its end. `unsent`: given when the reader keeps the body; its bytes are
 * counted there until the end, and its chunks come in few pieces.
 */
export async function* bodyOf(request: NodeRequest, unsent?: Transfer): AsyncGenerator<Buffer> {
  try {
    const before = takeBody(request);
    if (before !== undefined && before.bytes.length > 0) {
      unsent?.add(before.bytes.length);
      yield before.bytes;
    }
    if (!before?.whole) yield* comingBody(request, unsent);
  } finally {
    unsent?.close();
  }
}

function takeBody(request: NodeRequest & Left): ReadBefore | undefined {
  const own = request[readBefore];
  if (own !== undefined || !("stream" in request)) return own;
  const stream: ServerHttp2Stream & Left = request.stream;
  const read = stream[readBefore];
  if (read === undefined || read.whole) return read;
  // The request listens to its stream from its first read on: bytes that flow before that would be lost.
  request.read(0);
  request.stream.resume();
  return read;
}
