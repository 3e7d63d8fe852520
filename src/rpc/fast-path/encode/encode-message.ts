import { create, type DescField, type DescMessage, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { isWrapperDesc, FeatureSet_FieldPresence as Presence, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { type ItemEncoder, listEncoder, mapEncoder, scalarItems } from "./encode-items.ts";
import { type EncodeValue, scalarEncoder, tagOf } from "./encode-scalar.ts";
import type { MessageBytes } from "./message-bytes.ts";

/** Writes the bytes that the codec makes of a message, or throws what the codec throws. */
export type EncodeMessage = (to: MessageBytes, message: Message) => void;

/** A message as what it has under each name. */
type Fields = Message & Readonly<Record<string, unknown>>;

/** Writes a field of a message if it is set. */
type EncodeField = (to: MessageBytes, message: Fields) => void;

const encoders = new WeakMap<DescMessage, EncodeMessage>();

/**
 * The function that writes messages of this type, in a third of the codec's time (bench/README.md, micro). Common kinds of
 * fields are written here, without the buffers that the codec takes for each message; other fields, and invalid values,
 * are left to the codec.
 */
export function messageEncoder(desc: DescMessage): EncodeMessage {
  const known = encoders.get(desc);
  if (known !== undefined) return known;
  const byCodec: EncodeMessage = (to, message) => to.raw(toBinary(desc, message));
  const fields: EncodeField[] = [];
  const write: EncodeMessage = (to, message) => {
    if (!isMessage(message, desc)) return byCodec(to, message);
    for (const encodeField of fields) encodeField(to, message as Fields);
    if (message.$unknown === undefined) return;
    for (const { no, wireType, data } of message.$unknown) to.varint(tagOf(no, wireType)).raw(data);
  };
  const hasRequired = desc.fields.some(({ presence }) => presence === Presence.LEGACY_REQUIRED);
  const encoder = hasRequired ? byCodec : write;
  // Before its fields are looked at, which may be of this type, too.
  encoders.set(desc, encoder);
  if (!hasRequired) fields.push(...desc.fields.toSorted((a, b) => a.number - b.number).map(fieldEncoder));
  return encoder;
}

function fieldEncoder(field: DescField): EncodeField {
  const byCodec = leftToCodec(field);
  const encodeValue = valueEncoder(field) ?? (() => false);
  const { localName, oneof } = field;
  if (oneof !== undefined) {
    return (to, message) => {
      const choice = message[oneof.localName] as { readonly case?: string; readonly value?: unknown };
      if (choice.case === localName && !encodeValue(to, choice.value)) byCodec(to, message);
    };
  }
  if (field.presence === Presence.IMPLICIT) {
    return (to, message) => {
      if (!encodeValue(to, message[localName])) byCodec(to, message);
    };
  }
  return (to, message) => {
    const value = message[localName];
    // A field that is not set may have a default in the prototype.
    if (value === undefined || !Object.hasOwn(message, localName)) return;
    if (!encodeValue(to, value)) byCodec(to, message);
  };
}

/** Leaves a field to the codec, in a message that has nothing else. */
function leftToCodec({ parent, oneof, localName }: DescField): EncodeField {
  const name = oneof?.localName ?? localName;
  let empty: Message | undefined;
  return (to, message) => {
    empty ??= create(parent);
    to.raw(toBinary(parent, { ...empty, [name]: message[name] }));
  };
}

/** Undefined: such fields are not written here. */
function valueEncoder(field: DescField): EncodeValue | undefined {
  const { number } = field;
  const hasZero = field.presence !== Presence.IMPLICIT;
  switch (field.fieldKind) {
    case "scalar":
      return scalarEncoder({ number, type: field.scalar, hasZero });
    case "enum":
      return scalarEncoder({ number, type: ScalarType.INT32, hasZero });
    case "message":
      return messageValueEncoder(field);
    case "list":
      return listEncoder(field.message ? messageItems(field, number) : scalarItems(number, field.scalar));
    case "map":
      return mapEncoder(number, {
        key: field.mapKey,
        values: field.message ? messageItems(field, 2) : scalarItems(2, field.scalar),
      });
    default:
      return field satisfies never;
  }
}

type MessageField = DescField & { readonly message: DescMessage };

function messageValueEncoder(field: MessageField): EncodeValue | undefined {
  const items = messageItems(field, field.number);
  if (items === undefined) return;
  return (to, value) => {
    const isItem = items.isItem(value);
    if (isItem) items.write(to, value);
    return isItem;
  };
}

/** The function that writes messages as fields with this number; undefined when they are left to the codec. */
function messageItems(field: MessageField, number: number): ItemEncoder | undefined {
  if (field.delimitedEncoding || hasOtherForm(field)) return;
  const { message: desc } = field;
  const tag = tagOf(number, WireType.LengthDelimited);
  const write = messageEncoder(desc);
  return {
    isItem: (value) => isMessage(value, desc),
    write: (to, value) => to.varint(tag).nested(write, value as Message),
  };
}

function isMessage(value: unknown, { typeName }: DescMessage): value is Message {
  return (value as Message | null | undefined)?.$typeName === typeName;
}

/**
 * Whether the value of such a field is not a message: a JSON object for a Struct, the value itself for a wrapper type.
 */
function hasOtherForm({ parent, message }: MessageField): boolean {
  if (message.typeName === StructSchema.typeName) return parent.typeName !== ValueSchema.typeName;
  return isWrapperDesc(message);
}
