/** Requests that are handed over in one turn of the event loop. */
const maxPerTurn = 100;

/**
 * Hands requests over to the RPC library, so many in one turn of the event loop: thousands of which the last byte comes
 * at once would hold up everybody for seconds otherwise. A caller that has left by its turn costs nothing.
 */
export class HandOverTurns {
  readonly #waiting: (() => void)[] = [];
  #begun = 0;

  take(handOver: () => void): void {
    if (this.#begun === 0) setImmediate(() => this.#turn());
    this.#begun += 1;
    if (this.#begun <= maxPerTurn) handOver();
    else this.#waiting.push(handOver);
  }

  #turn(): void {
    this.#begun = 0;
    for (const handOver of this.#waiting.splice(0, maxPerTurn)) {
      this.#begun += 1;
      handOver();
    }
    if (this.#begun > 0) setImmediate(() => this.#turn());
  }
}
