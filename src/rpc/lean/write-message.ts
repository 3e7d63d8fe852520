import { create, type DescField, type DescMessage, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { isWrapperDesc, FeatureSet_FieldPresence as Presence, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { MessageBytes } from "./message-bytes.ts";
import { scalarWriter, tagOf, type WriteValue } from "./write-scalar.ts";

/** Writes the bytes that the codec makes of a message, or throws what the codec throws. */
export type WriteMessage = (to: MessageBytes, message: Message) => void;

/** A message as what it has under each name. */
type Fields = Message & Readonly<Record<string, unknown>>;

/** Writes a field of a message if it is set. */
type WriteField = (to: MessageBytes, message: Fields) => void;

const writers = new WeakMap<DescMessage, WriteMessage>();

/**
 * What writes messages of this type. Fields of the common kinds are written here, without the buffers that the codec takes
 * for each message; other fields, and values that are none of their field, are left to the codec.
 */
export function messageWriter(desc: DescMessage): WriteMessage {
  const known = writers.get(desc);
  if (known !== undefined) return known;
  const byCodec: WriteMessage = (to, message) => to.raw(toBinary(desc, message));
  const fields: WriteField[] = [];
  const write: WriteMessage = (to, message) => {
    if (!isMessage(message, desc)) return byCodec(to, message);
    for (const writeField of fields) writeField(to, message as Fields);
    if (message.$unknown === undefined) return;
    for (const { no, wireType, data } of message.$unknown) to.varint(tagOf(no, wireType)).raw(data);
  };
  const hasRequired = desc.fields.some(({ presence }) => presence === Presence.LEGACY_REQUIRED);
  const writer = hasRequired ? byCodec : write;
  // Before its fields are looked at, which may be of this type, too.
  writers.set(desc, writer);
  if (!hasRequired) fields.push(...desc.fields.toSorted((a, b) => a.number - b.number).map(fieldWriter));
  return writer;
}

function fieldWriter(field: DescField): WriteField {
  const alone = writerByCodec(field);
  const writeValue = valueWriter(field) ?? (() => false);
  const { localName, oneof } = field;
  if (oneof !== undefined) {
    return (to, message) => {
      const choice = message[oneof.localName] as { readonly case?: string; readonly value?: unknown };
      if (choice.case === localName && !writeValue(to, choice.value)) alone(to, message);
    };
  }
  if (field.presence === Presence.IMPLICIT) {
    return (to, message) => {
      if (!writeValue(to, message[localName])) alone(to, message);
    };
  }
  return (to, message) => {
    const value = message[localName];
    // What is not set may have a default, in the prototype.
    if (value === undefined || !Object.hasOwn(message, localName)) return;
    if (!writeValue(to, value)) alone(to, message);
  };
}

/** Undefined: the codec writes such fields. */
function valueWriter(field: DescField): WriteValue | undefined {
  const { number } = field;
  const hasZero = field.presence !== Presence.IMPLICIT;
  switch (field.fieldKind) {
    case "scalar":
      return scalarWriter({ number, type: field.scalar, hasZero });
    case "enum":
      return scalarWriter({ number, type: ScalarType.INT32, hasZero });
    case "message":
      return nestedWriter(field);
    case "list":
      return listWriter(field);
    case "map":
      return (_to, value) => Object.keys(value as object).length === 0;
    default:
      return field satisfies never;
  }
}

function nestedWriter(field: DescField & { readonly message: DescMessage }): WriteValue | undefined {
  if (field.fieldKind === "map" || field.delimitedEncoding || hasOtherForm(field)) return;
  const { number, message: desc } = field;
  const tag = tagOf(number, WireType.LengthDelimited);
  const write = messageWriter(desc);
  return (to, value) => {
    if (!isMessage(value, desc)) return false;
    to.varint(tag).nested(write, value);
    return true;
  };
}

/** The codec writes a list as a whole if it writes any of it. */
function listWriter(field: DescField & { readonly fieldKind: "list" }): WriteValue {
  const { listKind, number } = field;
  let writeItem: WriteValue | undefined;
  let isItem = (item: unknown): boolean => typeof item === "string";
  if (listKind === "message") {
    writeItem = nestedWriter(field);
    isItem = (item) => isMessage(item, field.message);
  } else if (listKind === "scalar" && field.scalar === ScalarType.STRING) {
    writeItem = scalarWriter({ number, type: field.scalar, hasZero: true });
  }
  return (to, value) => {
    const items = value as readonly unknown[];
    if (items.length === 0) return true;
    if (writeItem === undefined || !items.every(isItem)) return false;
    for (const item of items) writeItem(to, item);
    return true;
  };
}

/** Leaves a field to the codec, in a message that has nothing else. */
function writerByCodec({ parent, oneof, localName }: DescField): WriteField {
  const name = oneof?.localName ?? localName;
  let empty: Message | undefined;
  return (to, message) => {
    empty ??= create(parent);
    to.raw(toBinary(parent, { ...empty, [name]: message[name] }));
  };
}

function isMessage(value: unknown, { typeName }: DescMessage): value is Message {
  return (value as Message | null | undefined)?.$typeName === typeName;
}

/** Whether what such a field has is no message: a JSON object for a Struct, the value itself for a wrapper of one. */
function hasOtherForm({ parent, message }: DescField & { readonly message: DescMessage }): boolean {
  if (message.typeName === StructSchema.typeName) return parent.typeName !== ValueSchema.typeName;
  return isWrapperDesc(message);
}
