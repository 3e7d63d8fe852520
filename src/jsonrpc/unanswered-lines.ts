/** What a server says of a notification that it does not know, or takes for a request: invalid request, no such method. */
const ofNotifications: ReadonlySet<number> = new Set([-32600, -32601]);

/**
 * What was written and could still be answered by an error that does not say to what, besides the requests that wait:
 * notifications and responses, which some servers answer, and requests that were given up. A server reads its lines in
 * order, and refuses what it can't read when it reads it: a reply to a later request says that it has read all that is
 * before.
 */
export class UnansweredLines {
  /** The id of the first request after the last notification. */
  #idAfterNotification = -1;
  /** A reply to this id, or a later one, says that all else was read. */
  #idAfterOthers = -1;
  #lastReplied = -1;

  /** Whether an error of this code may be about any of it. */
  mayBeFor(code: number): boolean {
    if (this.#lastReplied < this.#idAfterOthers) return true;
    return ofNotifications.has(code) && this.#lastReplied < this.#idAfterNotification;
  }

  /** A notification was written; the next request has this id. */
  notified(nextId: number): void {
    this.#idAfterNotification = nextId;
  }

  /** A response was written, or others wrote and asked before; the next request has this id. */
  added(nextId: number): void {
    this.#idAfterOthers = nextId;
  }

  /** This request was given up after it was written. Its own late reply will do, too. */
  abandoned(id: number): void {
    if (id > this.#idAfterOthers) this.#idAfterOthers = id;
  }

  /** A reply to this request of ours came. */
  replied(id: number): void {
    if (id > this.#lastReplied) this.#lastReplied = id;
  }
}
