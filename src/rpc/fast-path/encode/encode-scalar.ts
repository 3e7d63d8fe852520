import { ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { MessageBytes } from "./message-bytes.ts";

/** Writes a field with this value. False: it is not written here, but by the codec. */
export type EncodeValue = (to: MessageBytes, value: unknown) => boolean;

const maxInt32 = 2 ** 31 - 1;
const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);

export interface ScalarField {
  readonly number: number;
  readonly type: ScalarType;
  /** Whether the zero of its type, which may mean that it isn't set, is written. */
  readonly hasZero: boolean;
}

/** The function that writes a field like this; undefined when the field is left to the codec. */
export function scalarEncoder(field: ScalarField): EncodeValue | undefined {
  const { number, hasZero } = field;
  switch (field.type) {
    case ScalarType.STRING: {
      const tag = tagOf(number, WireType.LengthDelimited);
      return (to, value) => {
        if (typeof value !== "string") return false;
        if (value !== "" || hasZero) to.varint(tag).text(value);
        return true;
      };
    }
    case ScalarType.BYTES: {
      const tag = tagOf(number, WireType.LengthDelimited);
      return (to, value) => {
        if (!(value instanceof Uint8Array)) return false;
        if (value.length > 0 || hasZero) to.varint(tag).varint(value.length).raw(value);
        return true;
      };
    }
    case ScalarType.DOUBLE: {
      const tag = tagOf(number, WireType.Bit64);
      return (to, value) => {
        if (typeof value !== "number") return false;
        // Minus zero is a value of its own.
        if (hasZero || !Object.is(value, 0)) to.varint(tag).double(value);
        return true;
      };
    }
    default:
      return varintEncoder(field);
  }
}

function varintEncoder({ number, type, hasZero }: ScalarField): EncodeValue | undefined {
  const tag = tagOf(number, WireType.Varint);
  switch (type) {
    case ScalarType.BOOL:
      return (to, value) => {
        if (typeof value !== "boolean") return false;
        if (value || hasZero) to.varint(tag).varint(value ? 1 : 0);
        return true;
      };
    case ScalarType.INT32:
    case ScalarType.UINT32:
      return (to, value) => {
        if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > maxInt32) return false;
        if (value !== 0 || hasZero) to.varint(tag).varint(value);
        return true;
      };
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return (to, value) => {
        if (typeof value !== "bigint" || value < 0n || value > maxSafe) return false;
        if (value !== 0n || hasZero) to.varint(tag).varint(Number(value));
        return true;
      };
    default:
      return undefined;
  }
}

/** What stands before a field's value. */
export function tagOf(number: number, type: WireType): number {
  return ((number << 3) | type) >>> 0;
}
