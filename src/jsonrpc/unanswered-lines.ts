/** Of more the ids are not kept: a server that is told to cancel a request need not reply. */
const maxAbandoned = 1000;

/**
 * What was written and could still be answered by a reply that does not say to what, besides the requests that wait:
 * notifications and responses, which some servers answer, and requests that were given up. A server reads its lines in
 * order: a reply to a later request says that it has read an earlier notification.
 */
export class UnansweredLines {
  readonly #abandoned = new Set<number>();
  #tooMany = false;
  /** The id of the first request after the last line that was none. */
  #idAfter = -1;
  #lastReplied = -1;

  get any(): boolean {
    return this.#tooMany || this.#abandoned.size > 0 || this.#lastReplied < this.#idAfter;
  }

  /** A line was written that is no request; the next request has this id. */
  added(nextId: number): void {
    this.#idAfter = nextId;
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
