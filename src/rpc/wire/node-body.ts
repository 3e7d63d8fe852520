import type { ServerHttp2Stream } from "node:http2";
import { ManagerError } from "../../errors.ts";
import type { NodeRequest } from "./node-handler.ts";
import type { UnreadAnswer } from "./unread-answers.ts";

/** What was read of a request's body by whoever then left the request to another. */
export interface ReadBefore {
  readonly bytes: Buffer;
  /** Whether there is no more of it. */
  readonly whole: boolean;
}

const readBefore = new WeakMap<object, ReadBefore>();

/** The request's body begins with what was read of it, or of its stream. What is not read to its end is paused. */
export function leaveBody(from: NodeRequest | ServerHttp2Stream, read: ReadBefore): void {
  readBefore.set(from, read);
}

/**
 * A request's body. Whoever stops reading it early leaves the connection whole: the answer has to go out on it. Throws
 * `cancelled` when the caller leaves before its end. `unsent`: where it counts until then, if whoever reads it keeps it.
 */
export async function* bodyOf(request: NodeRequest, unsent?: UnreadAnswer): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunksOf(request)) {
      unsent?.add(chunk.length);
      yield chunk;
    }
  } catch (cause) {
    throw leftInBody(cause);
  } finally {
    unsent?.close();
  }
}

async function* chunksOf(request: NodeRequest): AsyncGenerator<Buffer> {
  const before = takeBody(request);
  if (before !== undefined && before.bytes.length > 0) yield before.bytes;
  if (!before?.whole) yield* request.iterator({ destroyOnReturn: false });
}

/** The reason of a request whose end never came. */
export function leftInBody(cause?: unknown): ManagerError {
  return new ManagerError("cancelled", "the caller left in the middle of its request", {
    details: { reason: "CANCELLED" },
    cause,
  });
}

function takeBody(request: NodeRequest): ReadBefore | undefined {
  const own = readBefore.get(request);
  if (own !== undefined || !("stream" in request)) return own;
  const read = readBefore.get(request.stream);
  if (read === undefined || read.whole) return read;
  // The request listens to its stream from its first read on; one that flows before would lose what comes.
  request.read(0);
  request.stream.resume();
  return read;
}
