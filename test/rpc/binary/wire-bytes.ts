import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** A field and those that lead to it from the request, the outermost first. */
export type FieldPath = readonly [...above: DescField[], field: DescField];

/** Every field of a message, those of the messages in it included; a message within itself is gone into once. */
export function fieldPaths(desc: DescMessage, above: readonly DescField[] = []): FieldPath[] {
  if (above.some(({ parent }) => parent === desc)) return [];
  return desc.fields.flatMap((field): FieldPath[] => {
    const here: FieldPath = [...above, field];
    return field.message === undefined ? [here] : [here, ...fieldPaths(field.message, here)];
  });
}

/** The bytes of a request that has an empty value of this field so many times, and of what leads to it one each. */
export function timesOver(path: FieldPath, times: number): Buffer {
  const field = path[path.length - 1] as DescField;
  const record = Buffer.concat([tag(field.number, wireTypeOf(field)), Buffer.alloc(emptyBytes(field))]);
  let bytes: Buffer = Buffer.alloc(record.length * times, record);
  for (const outer of path.slice(0, -1).reverse()) bytes = within(outer, bytes);
  return bytes;
}

/** A record of a message, or of the value of an entry of a map. */
function within(field: DescField, bytes: Buffer): Buffer {
  const inside = field.fieldKind === "map" ? lengthDelimited(2, bytes) : bytes;
  return lengthDelimited(field.number, inside);
}

export function lengthDelimited(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([tag(number, 2), varint(bytes.length), bytes]);
}

export function tag(number: number, wireType: number): Buffer {
  return varint(number * 8 + wireType);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

function wireTypeOf({ fieldKind, scalar, message }: DescField): number {
  if (fieldKind === "map" || message !== undefined) return 2;
  const kinds: Readonly<Record<number, number>> = { 1: 1, 2: 5, 6: 1, 7: 5, 9: 2, 12: 2, 15: 5, 16: 1 };
  return kinds[scalar ?? 0] ?? 0;
}

/** After the tag: a length or a number of no more than zero. */
function emptyBytes(field: DescField): number {
  const sizes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
  return sizes[wireTypeOf(field)] ?? 1;
}
