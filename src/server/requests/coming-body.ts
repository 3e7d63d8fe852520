import type { NodeRequest } from "../handlers/node-handler.ts";
import type { Transfer } from "../responses/transfer-budget.ts";
import { countPiece } from "./count-piece.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { leftInBody } from "./left-in-body.ts";

/** Bytes of a body that may wait for its reader. */
const maxWaitingBytes = 64 * 1024;
/** A kept body comes in pieces, each at least as large as all pieces before it together, or as this. */
const maxPieceBytes = 256 * 1024;

/**
 * The body of a request as it comes. The chunks of a stream of requests are handed on at once. A body that is kept is
 * counted at `unsent`, and comes in few pieces however small its chunks are. Read by events: Node's iterator keeps each
 * chunk until it is asked for. Throws `cancelled` when the caller leaves before the end.
 */
export async function* comingBody(request: NodeRequest, unsent?: Transfer): AsyncGenerator<Buffer> {
  const reading = new ComingBody(request, unsent);
  try {
    let taken = 0;
    for (;;) {
      const least = unsent === undefined ? 1 : Math.min(maxPieceBytes, Math.max(1, taken));
      const piece = await reading.next(least);
      if (piece.length === 0) return;
      taken += piece.length;
      yield piece;
    }
  } finally {
    reading.stop();
  }
}

class ComingBody {
  readonly #request: NodeRequest;
  readonly #unsent: Transfer | undefined;
  readonly #kept = new GrowingBytes();
  #pieces = 0;
  #state: "reading" | "paused" | "ended" | "left" = "reading";
  #onChange: (() => void) | undefined;

  constructor(request: NodeRequest, unsent: Transfer | undefined) {
    this.#request = request;
    this.#unsent = unsent;
    if (request.readableEnded) this.#state = request.aborted ? "left" : "ended";
    else if (request.destroyed || isLeft(request)) this.#state = "left";
    // The listener stays until the body is gone, since an error without a listener would end the process. A close comes
    // after it.
    request.on("error", ignoreError);
    if (this.#state !== "reading") return;
    request.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onClose);
    // The reader of its first part has paused it.
    request.resume();
  }

  /** At least so many bytes, or all that is left before the end; none at the end. */
  async next(leastBytes: number): Promise<Buffer> {
    while (this.#kept.length < leastBytes && (this.#state === "reading" || this.#state === "paused")) {
      if (this.#state === "paused") this.#readOn();
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    if (this.#state === "left") throw leftInBody();
    return this.#kept.take();
  }

  /** What was not read stays where it is. */
  stop(): void {
    const { readableEnded } = this.#request;
    this.#request.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
    if (!readableEnded) this.#request.pause();
  }

  #readOn(): void {
    this.#state = "reading";
    this.#request.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#kept.add(chunk);
    this.#unsent?.add(chunk.length);
    this.#pieces += 1;
    if (this.#pieces > 1) countPiece(this.#request);
    if (this.#unsent === undefined && this.#kept.length >= maxWaitingBytes) {
      this.#state = "paused";
      this.#request.pause();
    }
    this.#onChange?.();
  };

  readonly #onEnd = (): void => {
    // A stream of HTTP/2 that is closed in the middle of its body ends like this, too.
    this.#state = isLeft(this.#request) ? "left" : "ended";
    this.#onChange?.();
  };

  readonly #onClose = (): void => {
    if (this.#state !== "ended") this.#state = "left";
    this.#onChange?.();
  };
}

/** Over HTTP/2 the stream tells first. */
function isLeft(request: NodeRequest): boolean {
  return request.aborted || ("stream" in request && request.stream.destroyed);
}

function ignoreError(): void {}
