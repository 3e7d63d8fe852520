import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { type FieldLayout, layoutOf, type MessageLayout } from "./wire-layout.ts";

const groupStart = 3;
const groupEnd = 4;
const lengthDelimited = 2;

export interface FieldBound {
  /** Most records in protobuf's own messages, such as a Struct, and items of packed lists. */
  readonly maxFields: number;
  /** How many of these each other record counts as: it may be a message of ours, or an unknown field. Default: 1. */
  readonly ownWeight?: number;
  /** Messages inside one another that the decoder goes into. */
  readonly maxDepth: number;
}

/**
 * Where a message has too many records: the fields on the way there; empty for unknown fields of the message itself.
 */
export type OverfullPath = readonly DescField[];

/**
 * Counts the records in a message's bytes without decoding them: a record of two bytes on the wire takes a hundred in
 * memory. Follows the decoder of protobuf-es, which reads a known field as its type says, whatever the tag says, and
 * lets an inner message run over its end. Undefined when there are not too many, or when the decoder stops before it
 * comes to too many.
 */
export function overfullField(desc: DescMessage, bytes: Uint8Array, bound: FieldBound): OverfullPath | undefined {
  return new RecordCount(bytes, bound).overfull(layoutOf(desc));
}

/**
 * Whether the outermost message has a field that is decoded anew each time it comes. Looks at the outermost message
 * alone, which costs next to nothing.
 */
export function isRemade(desc: DescMessage, bytes: Uint8Array): boolean {
  const layout = layoutOf(desc);
  const isEver = [...layout.values()].some(({ remade }) => remade);
  return isEver && new RecordCount(bytes, { maxFields: Number.POSITIVE_INFINITY, maxDepth: 1 }).isRemade(layout);
}

class RecordCount {
  readonly #bytes: Uint8Array;
  readonly #maxLevels: number;
  #left: number;
  #at = 0;
  /** Of the messages that are open, the outermost first. */
  readonly #ends: number[] = [];
  readonly #layouts: MessageLayout[] = [];
  readonly #path: (DescField | undefined)[] = [];
  readonly #max: number;
  readonly #ownWeight: number;

  constructor(bytes: Uint8Array, { maxFields, maxDepth, ownWeight = 1 }: FieldBound) {
    this.#bytes = bytes;
    this.#max = maxFields;
    this.#ownWeight = ownWeight;
    this.#left = maxFields;
    // The decoder does not count an entry of a map as a level, and one may be between any two.
    this.#maxLevels = 2 * maxDepth;
  }

  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: goes where the decoder goes, in one loop over millions of records.
  overfull(whole: MessageLayout): OverfullPath | undefined {
    let layout = whole;
    let end = this.#bytes.length;
    for (;;) {
      while (this.#at >= end) {
        const outer = this.#layouts.pop();
        if (outer === undefined) return undefined;
        layout = outer;
        end = this.#ends.pop() ?? 0;
        this.#path.pop();
      }
      const tag = this.#varint();
      const known = layout.get(tag >>> 3);
      this.#left -= known?.wellKnown ? 1 : this.#ownWeight;
      if (known === undefined) this.#skip(tag);
      else if (known.form !== "message") this.#scalar(known, tag & 7);
      else {
        if (known.remade) this.#left -= this.#max - this.#left;
        const length = this.#varint();
        this.#ends.push(end);
        this.#layouts.push(layout);
        this.#path.push(known.field);
        layout = known.inside ?? layout;
        end = this.#at + length;
      }
      if (this.#left < 0) return this.#pathTo(known);
      // The decoder comes no further than this, either.
      if (this.#at > this.#bytes.length || this.#layouts.length > this.#maxLevels) return undefined;
    }
  }

  isRemade(layout: MessageLayout): boolean {
    let cameBefore = false;
    while (this.#at < this.#bytes.length) {
      const tag = this.#varint();
      const known = layout.get(tag >>> 3);
      if (known?.remade && cameBefore) return true;
      cameBefore ||= known?.remade === true;
      if (known === undefined) this.#skip(tag);
      else if (known.form === "message") this.#skipBytes();
      else this.#scalar(known, tag & 7);
    }
    return false;
  }

  #pathTo(last: FieldLayout | undefined): OverfullPath {
    const open = last === undefined || last.form === "message" ? this.#path : [...this.#path, last.field];
    return open.filter((field) => field !== undefined);
  }

  #scalar({ form, packable, wellKnown }: FieldLayout, wireType: number): void {
    if (!packable || wireType !== lengthDelimited) {
      this.#value(form);
      return;
    }
    const length = this.#varint();
    const end = this.#at + length;
    // It counted as one already, which may have no item.
    while (this.#at < end && this.#left >= 0 && this.#at < this.#bytes.length) {
      this.#value(form);
      this.#left -= wellKnown ? 1 : this.#ownWeight;
    }
  }

  #value(form: FieldLayout["form"]): void {
    if (form === "bytes") this.#skipBytes();
    else if (form === "varint") this.#skipVarint();
    else this.#at += form === "fixed32" ? 4 : 8;
  }

  /** What the message does not know. Each tag in a group is a record of its own. */
  #skip(tag: number): void {
    let groups = 0;
    let wireType = tag & 7;
    for (;;) {
      if (wireType === groupStart) groups += 1;
      else if (wireType === groupEnd) groups -= 1;
      else if (wireType === 0) this.#skipVarint();
      else if (wireType === lengthDelimited) this.#skipBytes();
      else this.#at += wireType === 5 ? 4 : 8;
      if (groups <= 0 || this.#left < 0 || this.#at >= this.#bytes.length) return;
      wireType = this.#varint() & 7;
      this.#left -= this.#ownWeight;
    }
  }

  #skipBytes(): void {
    // In two steps: `+=` would take the place from before the length.
    const length = this.#varint();
    this.#at += length;
  }

  #skipVarint(): void {
    while ((this.#bytes[this.#at] ?? 0) & 0x80) this.#at += 1;
    this.#at += 1;
  }

  /** As the decoder reads the number of 32 bits that is a tag or a length. */
  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++] ?? 0;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift <= 28; shift += 7) {
      byte = bytes[this.#at++] ?? 0;
      value |= (byte & (shift === 28 ? 0x0f : 0x7f)) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    this.#skipVarint();
    return value >>> 0;
  }
}
