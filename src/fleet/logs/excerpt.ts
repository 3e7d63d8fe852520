/** The beginning and the end of a text that comes in pieces, and may be endless. */
export class Excerpt {
  readonly #headChars: number;
  readonly #tailChars: number;
  #head = "";
  /** The newest pieces: at least as many characters as the end may have, if there were so many. */
  #pieces: string[] = [];
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
    // Joined once in so many characters and pieces, not with each.
    if (this.#kept > 8 * this.#tailChars || this.#pieces.length > 256) this.#join();
  }

  /** The end, without its last line break. */
  get tail(): string {
    this.#join();
    return this.#pieces[0]?.replace(/\n$/, "").toWellFormed() ?? "";
  }

  /** The beginning, as far as the end does not have it. */
  get head(): string {
    const isCut = this.#chars - this.#tailChars;
    return isCut > 0 ? this.#head.slice(0, isCut).toWellFormed() : "";
  }

  #join(): void {
    const text = this.#pieces.join("").slice(-this.#tailChars);
    this.#pieces = [text];
    this.#kept = text.length;
  }
}
