import type { Readable } from "node:stream";
import type { AbortSource } from "../../base/async/abort-source.ts";
import { toManagerError } from "../../base/errors/errors.ts";
import type { NodeRequest } from "../handlers/node-handler.ts";
import type { Transfer } from "../responses/transfer-budget.ts";
import { countPiece } from "./count-piece.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { leftInBody } from "./left-in-body.ts";
import type { ReadBefore } from "./node-body.ts";

export interface BodyReading {
  readonly maxBytes: number;
  /** Where its bytes are counted while its caller has not sent all of it. */
  readonly unsent: Transfer;
  /** Gets the body, or as much of it as shows that it has more than `maxBytes`: the rest is paused then. */
  readonly onRead: (read: ReadBefore) => void;
  /** The caller left before the body's end. */
  readonly onLeft: () => void;
}

/**
 * Reads a body by events: for the one chunk that a body usually is, an iterator takes more than 1 µs more
 * (bench/README.md, micro). The function that it returns ends the reading early. Errors come before the close; the
 * caller of this listens for them.
 */
export function readBody(body: Readable, { maxBytes, unsent, onRead, onLeft }: BodyReading): () => void {
  const read = new GrowingBytes();
  const stop = () => {
    unsent.close();
    body.off("data", onData).off("end", onEnd).off("close", onClose);
  };
  const onData = (chunk: Buffer) => {
    if (read.length > 0) countPiece(body);
    read.add(chunk);
    if (read.length <= maxBytes) {
      unsent.add(chunk.length);
      return;
    }
    stop();
    body.pause();
    onRead({ bytes: read.all, whole: false });
  };
  const onClose = () => {
    stop();
    onLeft();
  };
  const onEnd = () => {
    stop();
    onRead({ bytes: read.all, whole: true });
  };
  body.on("data", onData).on("end", onEnd).on("close", onClose);
  return stop;
}

function ignoreError(): void {}

export interface WholeBody extends Omit<BodyReading, "onRead" | "onLeft"> {
  /** Ends the reading. Its reason must be a ManagerError. */
  readonly signal: AbortSource;
}

/** As readBody. Throws `cancelled` when the caller leaves before the body's end, and the signal's reason. */
export function bodyRead(request: NodeRequest, { signal, ...options }: WholeBody): Promise<ReadBefore> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadBefore>();
  const onAbort = () => {
    stop();
    reject(toManagerError(signal.reason).with({ delivery: "not_sent" }));
  };
  const onRead = (read: ReadBefore) => {
    signal.removeEventListener("abort", onAbort);
    resolve(read);
  };
  // The listener stays until the body is gone, since an error without a listener would end the process.
  request.on("error", ignoreError);
  const stop = readBody(request, { ...options, onRead, onLeft: () => reject(leftInBody()) });
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  return promise;
}
