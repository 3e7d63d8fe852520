import { ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type EncodeValue, scalarEncoder, tagOf } from "./encode-scalar.ts";
import type { MessageBytes } from "./message-bytes.ts";

/** What writes one item of a list, or the value of one entry of a map, when it is one. */
export interface ItemEncoder {
  readonly isItem: (value: unknown) => boolean;
  readonly write: (to: MessageBytes, value: unknown) => void;
}

/** Undefined: items of this type are not written here. */
export function scalarItems(number: number, type: ScalarType | undefined): ItemEncoder | undefined {
  const write = type === ScalarType.STRING ? scalarEncoder({ number, type, hasZero: true }) : undefined;
  return write && { write, isItem: (value) => typeof value === "string" };
}

/** Writes a list if each of its items can be written here. Otherwise the codec writes the whole list. */
export function listEncoder(items: ItemEncoder | undefined): EncodeValue {
  return (to, value) => {
    if (!Array.isArray(value)) return false;
    if (value.length === 0) return true;
    if (items === undefined || !value.every(items.isItem)) return false;
    for (const item of value) items.write(to, item);
    return true;
  };
}

/** As listEncoder. Each entry is a message of a key, field 1, and a value, field 2. */
export function mapEncoder(number: number, { key, values }: MapItems): EncodeValue {
  const tag = tagOf(number, WireType.LengthDelimited);
  const keys = scalarItems(1, key);
  const encodeEntry = (to: MessageBytes, [key, value]: [string, unknown]) => {
    keys?.write(to, key);
    values?.write(to, value);
  };
  return (to, value) => {
    const entries = Object.entries(value as object);
    if (entries.length === 0) return true;
    if (keys === undefined || values === undefined) return false;
    if (!entries.every(([, one]) => values.isItem(one))) return false;
    for (const entry of entries) to.varint(tag).nested(encodeEntry, entry);
    return true;
  };
}

export interface MapItems {
  readonly key: ScalarType;
  readonly values: ItemEncoder | undefined;
}
