import { type DescMessage, type MessageShape, ScalarType, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Before each message: whether it is compressed, and how many bytes it has. */
export const envelopeBytes = 5;

/** For a text of so many characters or more the codec takes a buffer three times as large, and copies it into another. */
const minLongChars = 128;

interface TextField {
  readonly localName: string;
  readonly tag: Uint8Array;
}

interface LongText {
  readonly field: TextField;
  readonly text: string;
  readonly bytes: number;
}

/**
 * What makes of a message of this type one of gRPC, not compressed, in its envelope. Each long text of it is written
 * once, into the bytes that leave: behind all other fields, whose order in a message of protobuf says nothing.
 */
export function grpcEnvelope<T extends DescMessage>(schema: T): (message: MessageShape<T>) => Buffer {
  const fields = textFields(schema);
  return (message) => {
    const texts = longTexts(fields, message);
    const rest = toBinary(schema, texts.length === 0 ? message : withoutTexts(message, texts));
    let length = rest.length;
    for (const text of texts) length += sizeOf(text);
    const envelope = Buffer.allocUnsafe(envelopeBytes + length);
    envelope[0] = 0;
    envelope.writeUInt32BE(length, 1);
    envelope.set(rest, envelopeBytes);
    let at = envelopeBytes + rest.length;
    for (const text of texts) at = writeText(envelope, at, text);
    return envelope;
  };
}

/** What is of a oneof stands elsewhere in the message. */
function textFields(schema: DescMessage): TextField[] {
  return schema.fields
    .filter((field) => field.fieldKind === "scalar" && field.scalar === ScalarType.STRING && field.oneof === undefined)
    .map(({ localName, number }) => ({
      localName,
      tag: new BinaryWriter().tag(number, WireType.LengthDelimited).finish(),
    }));
}

function longTexts(fields: readonly TextField[], message: object): LongText[] {
  const texts: LongText[] = [];
  for (const field of fields) {
    const text = (message as Record<string, unknown>)[field.localName];
    if (typeof text !== "string" || text.length < minLongChars) continue;
    texts.push({ field, text, bytes: Buffer.byteLength(text) });
  }
  return texts;
}

/** A text that may be unset is there twice then, once empty: readers take the last. */
function withoutTexts<T extends object>(message: T, texts: readonly LongText[]): T {
  const rest = { ...message };
  for (const { field } of texts) Object.assign(rest, { [field.localName]: "" });
  return rest;
}

function sizeOf({ field, bytes }: LongText): number {
  return field.tag.length + varintBytes(bytes) + bytes;
}

/** The offset after it. */
function writeText(envelope: Buffer, start: number, { field, text, bytes }: LongText): number {
  envelope.set(field.tag, start);
  let at = start + field.tag.length;
  for (let rest = bytes; ; rest >>>= 7) {
    const isLast = rest < 0x80;
    envelope[at++] = isLast ? rest : (rest & 0x7f) | 0x80;
    if (isLast) return at + envelope.write(text, at);
  }
}

/** How many bytes a number has as a varint, which holds seven bits in each. */
function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes += 1;
  return bytes;
}
