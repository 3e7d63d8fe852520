/** What one caller has in the queue, in the order of its arrival. */
interface Lane<T> {
  readonly items: Set<T>;
  readonly order: Iterator<T>;
}

/**
 * Items of several callers, told apart by identity and taken in turns: one of each caller, then the next of each.
 * Adding, taking and removing are O(1). Whatever was taken or had its turn leaves its collection, or goes to the end.
 * So what remains is always ahead of the one iterator that each collection keeps; a new one for each turn would walk
 * over the holes that removals leave.
 */
export class FairQueue<T> {
  readonly #lanes = new Map<unknown, Lane<T>>();
  readonly #turns = this.#lanes.entries();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(caller: unknown, item: T): void {
    let lane = this.#lanes.get(caller);
    if (lane === undefined) {
      const items = new Set<T>();
      lane = { items, order: items.values() };
      this.#lanes.set(caller, lane);
    }
    lane.items.add(item);
    this.#size += 1;
  }

  /** The next item in turn. Undefined: there is none. */
  take(): T | undefined {
    if (this.#size === 0) return undefined;
    const turn = this.#turns.next();
    if (turn.done) throw new Error("a queue that is not empty has no turn");
    const [caller, lane] = turn.value;
    const { value } = lane.order.next();
    this.#lanes.delete(caller);
    lane.items.delete(value);
    if (lane.items.size > 0) this.#lanes.set(caller, lane);
    this.#size -= 1;
    return value;
  }

  /** Takes an item back, if it still waits; says whether it did. */
  remove(caller: unknown, item: T): boolean {
    const lane = this.#lanes.get(caller);
    if (lane === undefined || !lane.items.delete(item)) return false;
    this.#size -= 1;
    if (lane.items.size === 0) this.#lanes.delete(caller);
    return true;
  }
}
