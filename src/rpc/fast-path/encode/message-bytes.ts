/** Texts and bytes from this length on are not copied into the reused buffer. */
const minApart = 4096;

/** A larger buffer is not kept for the next message. */
const maxKeptBytes = 64 * 1024;
const firstBytes = 512;

/** A long part, and the place in the buffer that it stands in front of. */
interface Apart {
  at: number;
  readonly bytes: number;
  readonly value: string | Uint8Array;
}

/**
 * The binary form of a message while it is written. It grows in a buffer that is reused for the next message. Long
 * parts are only noted, and copied once, by `whole`.
 */
export class MessageBytes {
  #buffer = Buffer.allocUnsafeSlow(firstBytes);
  #at = 0;
  #apart: Apart[] = [];
  #apartBytes = 0;

  /** An integer from 0 to 2^53, seven bits in each byte. */
  varint(value: number): this {
    this.#reserve(8);
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) this.#buffer[this.#at++] = (rest % 0x80) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#at++] = rest;
    return this;
  }

  double(value: number): this {
    this.#reserve(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
    return this;
  }

  raw(bytes: Uint8Array): this {
    if (bytes.length >= minApart) return this.#setApart(bytes, bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** A text behind its length. Unpaired surrogates become U+FFFD. */
  text(text: string): this {
    const chars = text.length;
    if (chars >= minApart) {
      const bytes = Buffer.byteLength(text);
      return this.varint(bytes).#setApart(text, bytes);
    }
    // A char takes at most three bytes, the length two.
    this.#reserve(2 + 3 * chars);
    const start = this.#at++;
    this.#at += this.#buffer.write(text, this.#at);
    return this.#setLength(start, this.#at - start - 1);
  }

  /** What `write` writes of this value, behind its length. */
  nested<T>(write: (to: this, value: T) => void, value: T): this {
    this.#reserve(1);
    const [start, apartBefore] = [this.#at++, this.#apartBytes];
    write(this, value);
    return this.#setLength(start, this.#at - start - 1 + this.#apartBytes - apartBefore);
  }

  /** All that was written, with room for so many bytes before it. */
  whole(headBytes: number): Buffer {
    const whole = Buffer.allocUnsafe(headBytes + this.#at + this.#apartBytes);
    let [from, to] = [0, headBytes];
    for (const { at, bytes, value } of this.#apart) {
      to += this.#buffer.copy(whole, to, from, at);
      from = at;
      if (typeof value === "string") whole.write(value, to);
      else whole.set(value, to);
      to += bytes;
    }
    this.#buffer.copy(whole, to, from, this.#at);
    return whole;
  }

  /** Forgets what was written, for the next message. */
  clear(): void {
    this.#at = 0;
    this.#apartBytes = 0;
    if (this.#apart.length > 0) this.#apart = [];
    if (this.#buffer.length > maxKeptBytes) this.#buffer = Buffer.allocUnsafeSlow(firstBytes);
  }

  #setApart(value: string | Uint8Array, bytes: number): this {
    this.#apart.push({ at: this.#at, bytes, value });
    this.#apartBytes += bytes;
    return this;
  }

  /**
   * Puts the length of what came after `start` there, for which there is one byte: if it takes more, what came moves
   * on.
   */
  #setLength(start: number, length: number): this {
    if (length < 0x80) {
      this.#buffer[start] = length;
      return this;
    }
    // What the length's varint asks for, too: a buffer that grows while it is written would lose what came.
    this.#reserve(8);
    const end = this.#at;
    const more = varintBytes(length) - 1;
    this.#buffer.copyWithin(start + 1 + more, start + 1, end);
    for (let index = this.#apart.length - 1; index >= 0; index -= 1) {
      const apart = this.#apart[index];
      if (apart === undefined || apart.at <= start) break;
      apart.at += more;
    }
    this.#at = start;
    this.varint(length);
    this.#at = end + more;
    return this;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
