import { type DescField, type DescMethod, type FileRegistry, ScalarType } from "@bufbuild/protobuf";
import { isWellKnown, serviceOf } from "../../../scripts/contract/read-protos.ts";

/** A field that a caller may set, and where it stands: `spec.mounts[].target`. */
export interface RequestField {
  readonly rpc: DescMethod;
  readonly path: string;
  readonly field: DescField;
}

/** Every field of every request, those of the messages in it included. */
export function requestFields(protos: FileRegistry): RequestField[] {
  return serviceOf(protos).methods.flatMap((rpc) => fieldsWithin(rpc, { fields: rpc.input.fields, before: "" }));
}

function fieldsWithin(
  rpc: DescMethod,
  { fields, before }: { fields: readonly DescField[]; before: string },
): RequestField[] {
  return fields.flatMap((field) => {
    const path = `${before}${field.name}${field.fieldKind === "list" ? "[]" : ""}`;
    const within =
      field.message === undefined || isWellKnown(field.message)
        ? []
        : fieldsWithin(rpc, { fields: field.message.fields, before: `${path}${isMap(field) ? '["a"]' : ""}.` });
    return [{ rpc, path, field }, ...within];
  });
}

/** One with messages: those are looked at in the entry `a`. */
function isMap({ fieldKind }: DescField): boolean {
  return fieldKind === "map";
}

/** Why no value of its type need break a rule; undefined: one must. */
export function whyUnbreakable({ scalar, message }: DescField): string | undefined {
  if (scalar === ScalarType.BOOL) return "a bool";
  if (message === undefined || isWellKnown(message)) return undefined;
  return message.fields.length === 0 ? "an empty message" : "a message, whose fields have their own rules";
}

/** The field that a violation's path is about: `spec.mounts[1].target` is about `spec.mounts[].target`. */
export function isAbout(violated: string, { path, field }: RequestField): boolean {
  const plain = violated.replaceAll(/\[\d+\]/g, "[]");
  if (field.message !== undefined && isWellKnown(field.message))
    return new RegExp(`^${literal(path)}(?:$|[.[])`).test(plain);
  if (field.fieldKind === "map") return plain === path || plain.startsWith(`${path}[`);
  return plain === path || (field.fieldKind === "list" && `${plain}[]` === path);
}

function literal(text: string): string {
  return text.replaceAll(/[[\].]/g, "\\$&");
}
