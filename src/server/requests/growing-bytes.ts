const none: Buffer = Buffer.alloc(0);

/**
 * Bytes that come in pieces, as one Buffer. The first piece, which is usually the only one, is kept as it is. Later
 * pieces are copied: a kept piece of one byte would take a hundred, and would keep all that was read from the socket
 * with it.
 */
export class GrowingBytes {
  #bytes: Buffer = none;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) {
      this.#bytes = piece;
    } else {
      if (length > this.#bytes.length) this.#grow(Math.max(length, 2 * this.#length));
      this.#bytes.set(piece, this.#length);
    }
    this.#length = length;
  }

  /** All bytes. The caller must not change them. */
  get all(): Buffer {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  /** All bytes; none are kept here afterwards. */
  take(): Buffer {
    const { all } = this;
    this.#bytes = none;
    this.#length = 0;
    return all;
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(size);
    grown.set(this.all);
    this.#bytes = grown;
  }
}
