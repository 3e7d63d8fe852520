/** A chunk of a byte takes a hundred times that, and holds on to all that was read with it. Smaller ones are copied together. */
const smallBytes = 1024;
const minBlockBytes = 4 * 1024;
const maxBlockBytes = 64 * 1024;

/** The chunks of a body that is kept, in little more memory than their bytes, however small they are. */
export class KeptChunks {
  #chunks: Buffer[] = [];
  /** What small chunks are copied into, behind all others. */
  #block: Buffer | undefined;
  #blockBytes = 0;
  #bytes = 0;

  /** Bytes of all that were added, and not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Buffer): void {
    // Most bodies are one chunk: it stays as it came.
    const isFirst = this.#bytes === 0;
    this.#bytes += chunk.length;
    if (isFirst || chunk.length >= smallBytes) {
      this.#closeBlock();
      this.#chunks.push(chunk);
    } else {
      this.#copy(chunk);
    }
  }

  /** Hands on what was added since. */
  take(): Buffer[] {
    this.#closeBlock();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }

  #copy(chunk: Buffer): void {
    let block = this.#block;
    if (block === undefined || this.#blockBytes + chunk.length > block.length) {
      this.#closeBlock();
      // As much again as there is: a body of a few bytes gets no large block.
      block = Buffer.allocUnsafeSlow(Math.min(maxBlockBytes, Math.max(minBlockBytes, this.#bytes)));
      this.#block = block;
    }
    block.set(chunk, this.#blockBytes);
    this.#blockBytes += chunk.length;
  }

  #closeBlock(): void {
    if (this.#block === undefined) return;
    const part = this.#block.subarray(0, this.#blockBytes);
    const isMostlyFull = 2 * part.length >= this.#block.length;
    this.#chunks.push(isMostlyFull ? part : trimmed(part));
    this.#block = undefined;
    this.#blockBytes = 0;
  }
}

/** A copy that holds on to nothing more. */
function trimmed(part: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(part.length);
  copy.set(part);
  return copy;
}

/** The bytes of chunks, without a copy when there is one only. */
export function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}
