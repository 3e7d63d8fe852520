import type http from "node:http";

/** Requests of one connection that may be under way at once: as many as over HTTP/2. */
const maxBegun = 1000;
/** Bytes of their answers that may wait for their caller. */
const maxWaitingBytes = 64 * 1024;

/**
 * The answers of one connection over HTTP/1.1 that have begun, each of which waits for those before it. A caller can ask
 * for thousands at once, by a few bytes each, and read none of them: so when too much waits, no more are begun.
 */
export class PipelinedAnswers {
  readonly #begun = new Set<http.ServerResponse>();

  /** `onClose`: there may be room again. */
  begin(response: http.ServerResponse, onClose: () => void): void {
    this.#begun.add(response);
    response.once("close", () => {
      this.#begun.delete(response);
      onClose();
    });
  }

  /** Whether a request that has come whole is still to be answered. */
  get isBusy(): boolean {
    for (const { req, writableEnded } of this.#begun) if (req.complete && !writableEnded) return true;
    return false;
  }

  get hasRoom(): boolean {
    if (this.#begun.size >= maxBegun) return false;
    let bytes = 0;
    for (const { writableLength } of this.#begun) bytes += writableLength;
    return bytes < maxWaitingBytes;
  }
}
