import type http from "node:http";

/** Requests of one connection that may be under way at once: as many as over HTTP/2. */
const maxBegun = 1000;
/** Bytes of a connection's responses that may wait for its caller. */
const maxWaitingBytes = 64 * 1024;

/**
 * The responses of one HTTP/1.1 connection that have begun; each waits for those before it. A caller can ask for
 * thousands at once, by a few bytes each, and read none of them. So no more are begun when too much waits.
 */
export class PipelinedResponses {
  /** The last response, when those before it have closed: the usual case, which needs no listener. */
  #alone: http.ServerResponse | undefined;
  /** All open responses, when there are several. */
  readonly #begun = new Set<http.ServerResponse>();

  /** `onClose`: there may be room again. */
  begin(response: http.ServerResponse, onClose: () => void): void {
    const before = this.#alone?.closed ? undefined : this.#alone;
    this.#alone = undefined;
    if (before === undefined && this.#begun.size === 0) {
      this.#alone = response;
      return;
    }
    if (before !== undefined) this.#add(before, onClose);
    this.#add(response, onClose);
  }

  #add(response: http.ServerResponse, onClose: () => void): void {
    this.#begun.add(response);
    response.once("close", () => {
      this.#begun.delete(response);
      onClose();
    });
  }

  /** Whether a request that has come whole is still to be answered. */
  get isBusy(): boolean {
    if (this.#alone !== undefined && isAsked(this.#alone)) return true;
    for (const response of this.#begun) if (isAsked(response)) return true;
    return false;
  }

  /** A single response always leaves room. */
  get hasRoom(): boolean {
    if (this.#begun.size >= maxBegun) return false;
    let bytes = 0;
    for (const { writableLength } of this.#begun) bytes += writableLength;
    return bytes < maxWaitingBytes;
  }
}

function isAsked({ req, writableEnded, destroyed }: http.ServerResponse): boolean {
  return req.complete && !writableEnded && !destroyed;
}
