/** The beginning and the end of a text that comes in pieces, and may be endless. */
export class Excerpt {
  readonly #headChars: number;
  readonly #tailChars: number;
  #head = "";
  /** The newest pieces, from #first on: at least as many characters as the end may have, if there were so many. */
  #pieces: string[] = [];
  #first = 0;
  #kept = 0;
  #chars = 0;

  constructor({ headChars, tailChars }: { readonly headChars: number; readonly tailChars: number }) {
    this.#headChars = headChars;
    this.#tailChars = tailChars;
  }

  add(piece: string): void {
    if (this.#head.length < this.#headChars) this.#head += piece.slice(0, this.#headChars - this.#head.length);
    this.#chars += piece.length;
    const end = piece.slice(-this.#tailChars);
    this.#pieces.push(end);
    this.#kept += end.length;
    this.#dropOld();
  }

  /** The end, without its last line break. */
  get tail(): string {
    const text = this.#pieces.slice(this.#first).join("");
    return text.slice(-this.#tailChars).replace(/\n$/, "").toWellFormed();
  }

  /** The beginning, as far as the end does not have it. */
  get head(): string {
    const isCut = this.#chars - this.#tailChars;
    return isCut > 0 ? this.#head.slice(0, isCut).toWellFormed() : "";
  }

  /** Drops the pieces that the end no longer reaches; nothing is joined until somebody asks. */
  #dropOld(): void {
    for (;;) {
      const oldest = this.#pieces[this.#first]?.length ?? 0;
      if (this.#kept - oldest < this.#tailChars) break;
      this.#kept -= oldest;
      this.#first += 1;
    }
    // At half, the cost of a copy is linear.
    if (this.#first * 2 > this.#pieces.length) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
  }
}
