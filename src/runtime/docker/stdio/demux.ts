/** Where the two streams go. Chunks are views of what was pushed. */
export interface DemuxSink {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

const headerLength = 8;
const stdoutType = 1;
const stderrType = 2;

/**
 * Splits Docker's attach stream: frames of an 8-byte header (type, three zeros, payload length as big-endian uint32)
 * and a payload. Payload goes on as it comes, uncopied and without waiting for its frame to be complete: the length
 * of a frame costs no memory.
 */
export class Demuxer {
  readonly #sink: DemuxSink;
  readonly #header = Buffer.alloc(headerLength);
  #headerFilled = 0;
  #type = 0;
  #payloadLeft = 0;

  constructor(sink: DemuxSink) {
    this.#sink = sink;
  }

  /** Throws on an invalid header; the stream is unreadable from there. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const end = Math.min(chunk.length, at + this.#payloadLeft);
        this.#payloadLeft -= end - at;
        this.#emit(chunk.subarray(at, end));
        at = end;
      } else if (this.#headerFilled === 0 && chunk.length - at >= headerLength) {
        this.#readHeader(chunk, at);
        at += headerLength;
      } else {
        const copied = chunk.copy(this.#header, this.#headerFilled, at);
        at += copied;
        this.#headerFilled += copied;
        if (this.#headerFilled === headerLength) {
          this.#headerFilled = 0;
          this.#readHeader(this.#header, 0);
        }
      }
    }
  }

  #readHeader(buffer: Buffer, at: number): void {
    const first = buffer.readUInt32BE(at);
    // One comparison checks the type and its three zeros.
    if (first !== stdoutType << 24 && first !== stderrType << 24) {
      const bytes = buffer.subarray(at, at + headerLength);
      throw new Error(`the engine's attach stream is corrupt: not a frame header: ${bytes.toString("hex")}`);
    }
    this.#type = first >>> 24;
    this.#payloadLeft = buffer.readUInt32BE(at + 4);
  }

  #emit(payload: Buffer): void {
    if (this.#type === stdoutType) this.#sink.stdout(payload);
    else this.#sink.stderr(payload);
  }
}
