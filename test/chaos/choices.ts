/** Random choices that a seed repeats: each part of a run has its own, so that no part's pace changes another's. */
export class Choices {
  #state: number;

  constructor(seed: number, ...path: readonly (number | string)[]) {
    this.#state = seed | 0;
    for (const char of path.join("/")) this.#state = Math.imul(this.#state ^ char.charCodeAt(0), 0x01000193);
  }

  /** At least 0, below 1: mulberry32. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, at least 0, below the limit. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }
}
