/** Protobuf's wire format as bytes: a request of millions of fields is made without an object for any of them. */

const lengthDelimited = 2;

/** A field of bytes: a string, a message, or an entry of a map. */
export function field(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([headOf(number, bytes.length), bytes]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** The same bytes again and again, as often as they fit whole. */
export function filled(bytes: number, unit: Uint8Array): Buffer {
  return Buffer.alloc(Math.floor(bytes / unit.length) * unit.length, unit);
}

const digitsOf62 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** The same bytes again and again, with a number in each from `at` on, counted up in so many letters and digits. */
export function counted(bytes: number, { unit, at, digits }: { unit: Uint8Array; at: number; digits: number }): Buffer {
  const all = filled(bytes, unit);
  let number = 0;
  for (let start = at; start < all.length; start += unit.length) {
    let rest = number;
    for (let digit = digits - 1; digit >= 0; digit -= 1) {
      all[start + digit] = digitsOf62.charCodeAt(rest % 62);
      rest = Math.floor(rest / 62);
    }
    number += 1;
  }
  return all;
}

/** Messages in one another as deep as they fit: each is field 1 of one that is this field of the next. */
export function nested(bytes: number, outerField: number): Buffer {
  const all = Buffer.alloc(bytes);
  let start = bytes;
  for (;;) {
    const outer = headOf(outerField, bytes - start);
    const head = Buffer.concat([headOf(1, outer.length + bytes - start), outer]);
    if (head.length > start) return all.subarray(start);
    start -= head.length;
    head.copy(all, start);
  }
}

function headOf(number: number, bytes: number): Buffer {
  return Buffer.concat([varint((number << 3) | lengthDelimited), varint(bytes)]);
}
