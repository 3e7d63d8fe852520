/** Requests that are handed over in one turn of the event loop. */
const maxPerTurn = 100;

/**
 * Hands requests over to the RPC library, a limited number in one turn of the event loop: thousands of requests whose
 * last bytes come at once would otherwise hold up every caller for seconds. A request whose caller has left by its turn
 * costs nothing.
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
