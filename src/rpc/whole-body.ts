import { leftInBody, type ReadBefore } from "./node-body.ts";
import type { NodeRequest } from "./node-handler.ts";

/**
 * Reads a body, or as much of it as shows that it has more than `maxBytes`. By events: an iterator costs several times
 * more for the one chunk that a body usually is. Throws `cancelled` when the caller leaves before its end.
 */
export function readBody(request: NodeRequest, { maxBytes }: { readonly maxBytes: number }): Promise<ReadBefore> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadBefore>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= maxBytes) return;
    request.off("data", onData).off("end", onEnd).off("close", onLeft).pause();
    resolve({ chunks, whole: false });
  };
  const onEnd = () => {
    request.off("close", onLeft);
    resolve({ chunks, whole: true });
  };
  const onLeft = (cause?: unknown) => reject(leftInBody(cause));
  // Stays until the request is gone: an error that nobody listens to would end the process.
  request.on("error", onLeft);
  request.on("data", onData).on("end", onEnd).on("close", onLeft);
  return promise;
}

/** The bytes of chunks, without a copy when there is one only. */
export function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
