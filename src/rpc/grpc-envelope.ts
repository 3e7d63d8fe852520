import { type DescMessage, type MessageShape, ScalarType, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Before each message: whether it is compressed, and how many bytes it has. */
export const envelopeBytes = 5;

/** For a text of so many characters or more the codec takes a buffer three times as large, and copies it into another. */
const minLongChars = 128;

interface LongText {
  readonly localName: string;
  /** What stands before the text: the field's tag and how many bytes come. */
  readonly head: Uint8Array;
  readonly text: string;
  readonly textBytes: number;
}

/**
 * A message of gRPC, not compressed, in its envelope. Each long text of it is written once, into the bytes that leave:
 * behind all other fields, whose order in a message of protobuf says nothing.
 */
export function grpcEnvelope<T extends DescMessage>(schema: T, message: MessageShape<T>): Buffer {
  const texts = longTexts(schema, message);
  const rest = toBinary(schema, texts.length === 0 ? message : withoutTexts(message, texts));
  const bytes = texts.reduce((sum, { head, textBytes }) => sum + head.length + textBytes, rest.length);
  const envelope = Buffer.allocUnsafe(envelopeBytes + bytes);
  envelope[0] = 0;
  envelope.writeUInt32BE(bytes, 1);
  envelope.set(rest, envelopeBytes);
  let at = envelopeBytes + rest.length;
  for (const { head, text } of texts) {
    envelope.set(head, at);
    at += head.length;
    at += envelope.write(text, at);
  }
  return envelope;
}

function longTexts<T extends DescMessage>(schema: T, message: MessageShape<T>): LongText[] {
  const texts: LongText[] = [];
  for (const field of schema.fields) {
    // What is of a oneof stands elsewhere in the message.
    if (field.scalar !== ScalarType.STRING || field.fieldKind !== "scalar" || field.oneof !== undefined) continue;
    const text = (message as Record<string, unknown>)[field.localName];
    if (typeof text !== "string" || text.length < minLongChars) continue;
    const textBytes = Buffer.byteLength(text);
    const head = new BinaryWriter().tag(field.number, WireType.LengthDelimited).uint32(textBytes).finish();
    texts.push({ localName: field.localName, head, text, textBytes });
  }
  return texts;
}

/** A text that may be unset is there twice then, once empty: readers take the last. */
function withoutTexts<T extends DescMessage>(message: MessageShape<T>, texts: readonly LongText[]): MessageShape<T> {
  const blanks = Object.fromEntries(texts.map(({ localName }) => [localName, ""]));
  return { ...message, ...blanks };
}
