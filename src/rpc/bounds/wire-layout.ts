import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** How protobuf-es takes the value of a field that it knows, whatever wire type the tag says. */
export type WireForm = "varint" | "fixed32" | "fixed64" | "bytes" | "message";

export interface FieldLayout {
  readonly form: WireForm;
  /** A list of numbers, whose items may also come together in one record. */
  readonly packable: boolean;
  /** Of a message, or of an entry of a map. */
  readonly inside: MessageLayout | undefined;
  /** The message so far is made anew when the field comes again: of a Struct protobuf-es keeps plain JSON. */
  readonly remade: boolean;
  /** Whether it is in a message of protobuf's own, such as a Struct. */
  readonly wellKnown: boolean;
  /** Undefined for the key and the value of a map's entry. */
  readonly field: DescField | undefined;
}

/** The fields of a message by their numbers. */
export type MessageLayout = Map<number, FieldLayout>;

const layouts = new WeakMap<DescMessage, MessageLayout>();

/**
 * What the decoder's way through the bytes of a message depends on. No service of ours has groups (proto2, editions).
 */
export function layoutOf(desc: DescMessage): MessageLayout {
  const before = layouts.get(desc);
  if (before !== undefined) return before;
  const layout: MessageLayout = new Map();
  // Before its fields: a message may have itself inside.
  layouts.set(desc, layout);
  for (const field of desc.fields) layout.set(field.number, fieldLayout(field));
  return layout;
}

function fieldLayout(field: DescField): FieldLayout {
  if (field.message !== undefined && field.fieldKind !== "map" && field.delimitedEncoding) {
    throw new Error(`${field.toString()} is a group, whose fields are not counted`);
  }
  const wellKnown = isWellKnown(field.parent);
  if (field.fieldKind === "map") {
    const plain = { packable: false, inside: undefined, remade: false, wellKnown, field: undefined };
    const inside: MessageLayout = new Map([
      [1, { ...plain, form: scalarForm(field.mapKey) }],
      [2, { ...plain, ...contentOf(field), remade: isStruct(field) }],
    ]);
    return { form: "message", packable: false, inside, remade: false, wellKnown, field };
  }
  const content = contentOf(field);
  const list = field.fieldKind === "list";
  const packable = list && content.form !== "bytes" && content.form !== "message";
  return { ...content, packable, remade: !list && isStruct(field), wellKnown, field };
}

function contentOf(field: DescField): Pick<FieldLayout, "form" | "inside"> {
  if (field.message !== undefined) return { form: "message", inside: layoutOf(field.message) };
  return { form: field.scalar === undefined ? "varint" : scalarForm(field.scalar), inside: undefined };
}

/** Of protobuf's own messages. */
export function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.");
}

/** But for the Struct in a Value, which stays a message until the whole is made plain. */
function isStruct({ message, parent }: DescField): boolean {
  return message?.typeName === "google.protobuf.Struct" && parent.typeName !== "google.protobuf.Value";
}

function scalarForm(type: ScalarType): WireForm {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "bytes";
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "fixed64";
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return "fixed32";
    default:
      return "varint";
  }
}
