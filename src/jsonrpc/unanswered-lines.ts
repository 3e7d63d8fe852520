/** Of more the ids are not kept: a server that is told to cancel a request need not reply. */
const maxAbandoned = 1000;

/** After so long no answer to a notification or a response comes any more. */
const noticedMs = 1000;

/**
 * What was written and could still be answered by a reply that does not say to what, besides the requests that wait:
 * notifications and responses, which some servers answer, and requests that were given up. A server reads its lines in
 * order: a reply to a later request says that it has read an earlier notification.
 */
export class UnansweredLines {
  readonly #abandoned = new Set<number>();
  #tooMany = false;
  /** The id of the first request after the last line that was none, and when that was written. */
  #idAfter = -1;
  #addedMs = Number.NEGATIVE_INFINITY;
  #lastReplied = -1;

  /** Whether any can still be answered. Who answers a notification, with an error, does so at once. */
  any(nowMs: number): boolean {
    const isRead = this.#lastReplied >= this.#idAfter || nowMs - this.#addedMs > noticedMs;
    return this.#tooMany || this.#abandoned.size > 0 || !isRead;
  }

  /** A line was written that is no request; the next request has this id. */
  added(nextId: number, nowMs: number): void {
    this.#idAfter = nextId;
    this.#addedMs = nowMs;
  }

  /** Others wrote, and asked, before. */
  resumed(): void {
    this.#tooMany = true;
  }

  /** This request was given up after it was written. */
  abandoned(id: number): void {
    if (this.#abandoned.size < maxAbandoned) this.#abandoned.add(id);
    else this.#tooMany = true;
  }

  /** A reply to this id came. */
  replied(id: number): void {
    if (id > this.#lastReplied) this.#lastReplied = id;
    if (this.#abandoned.size > 0) this.#abandoned.delete(id);
  }
}
