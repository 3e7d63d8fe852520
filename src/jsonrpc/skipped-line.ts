const keptBytes = 4096;

/** A line that was longer than the limit: its first and last bytes, and how many it had. */
export interface OversizedLine {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly bytes: number;
}

/** A line that is too long to keep, while it comes: its first and last 4 KiB, whatever the pieces are. */
export class SkippedLine {
  readonly #head = Buffer.alloc(keptBytes);
  /** Twice what is kept of the end, so that it is moved once in so many bytes and not with each piece. */
  readonly #tail = Buffer.alloc(2 * keptBytes);
  #tailLength = 0;
  #bytes = 0;

  push(part: Buffer): void {
    if (this.#bytes < keptBytes) part.copy(this.#head, this.#bytes);
    this.#bytes += part.length;
    const end = part.length > keptBytes ? part.subarray(-keptBytes) : part;
    if (this.#tailLength + end.length > this.#tail.length) {
      this.#tail.copyWithin(0, this.#tailLength - keptBytes, this.#tailLength);
      this.#tailLength = keptBytes;
    }
    end.copy(this.#tail, this.#tailLength);
    this.#tailLength += end.length;
  }

  /** What was seen of it. */
  seen(): OversizedLine {
    return {
      head: this.#head.subarray(0, this.#bytes),
      tail: this.#tail.subarray(Math.max(0, this.#tailLength - keptBytes), this.#tailLength),
      bytes: this.#bytes,
    };
  }
}
