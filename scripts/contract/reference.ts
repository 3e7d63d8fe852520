import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  ScalarType,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { routes } from "../../src/rest/routes.ts";
import { commentOf, isWellKnown, serviceOf } from "./read-protos.ts";

export const begin = "<!-- Generated from the comments of the protos by `npm run generate`: edit those. -->";
export const end = "<!-- End of what is generated. -->";

/** docs/api.md with its reference made anew. */
export function withReference(guide: string, protos: FileRegistry): string {
  const [before, rest] = guide.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error("docs/api.md lacks the marks of what is generated");
  return `${before}${begin}\n\n${reference(protos)}\n\n${end}${after}`;
}

function reference(protos: FileRegistry): string {
  const service = serviceOf(protos);
  const files = [...protos.files].filter(({ proto }) => proto.package === service.file.proto.package);
  const messages = files.flatMap((file) => file.messages);
  const enums = files.flatMap((file) => file.enums);
  return [
    `### ${service.name}`,
    commentOf(service),
    ...service.methods.map(method),
    ...messages.map(message),
    ...enums.map(enumeration),
  ].join("\n\n");
}

const idempotency: Readonly<Record<MethodOptions_IdempotencyLevel, string>> = {
  [MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN]: "",
  [MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS]: ", no side effects",
  [MethodOptions_IdempotencyLevel.IDEMPOTENT]: ", idempotent",
};

function method(rpc: DescMethod): string {
  const stream = rpc.methodKind === "server_streaming" ? "stream of " : "";
  const signature = `${link(rpc.input)} → ${stream}${link(rpc.output)}${idempotency[rpc.idempotency]}`;
  const rest = routes.filter((route) => route.rpc.name === rpc.name);
  const paths = rest.map(({ httpMethod, path }) => `REST: \`${httpMethod} ${path}\``);
  return [`#### ${rpc.name}`, [signature, ...paths].join("; "), commentOf(rpc)].join("\n\n");
}

function message(desc: DescMessage): string {
  const fields = desc.members.map((member) =>
    member.kind === "field"
      ? fieldLine(member, "")
      : [
          `- one of \`${member.name}\`: ${flat(commentOf(member))}`,
          ...member.fields.map((field) => fieldLine(field, "  ")),
        ].join("\n"),
  );
  return [`### ${desc.name}`, commentOf(desc), ...(fields.length === 0 ? [] : [fields.join("\n")])].join("\n\n");
}

function fieldLine(field: DescField, indent: string): string {
  return `${indent}- \`${field.name}\` (${typeOf(field)}): ${flat(commentOf(field))}`;
}

function enumeration(desc: DescEnum): string {
  const values = desc.values.map((value) => `- \`${value.name}\` (${value.number}): ${flat(commentOf(value))}`);
  return [`### ${desc.name}`, commentOf(desc), values.join("\n")].join("\n\n");
}

function typeOf(field: DescField): string {
  if (field.fieldKind === "map") return `map of ${scalarName(field.mapKey)} to ${itemType(field)}`;
  if (field.fieldKind === "list") return `list of ${itemType(field)}`;
  return `${field.proto.proto3Optional ? "optional " : ""}${itemType(field)}`;
}

function itemType({ message, enum: enumDesc, scalar }: DescField): string {
  if (message !== undefined) return isWellKnown(message) ? message.name : link(message);
  return enumDesc === undefined ? scalarName(scalar) : link(enumDesc);
}

function scalarName(scalar: ScalarType | undefined): string {
  return scalar === undefined ? "value" : ScalarType[scalar].toLowerCase();
}

function link({ name }: DescMessage | DescEnum): string {
  return `[${name}](#${name.toLowerCase()})`;
}

function flat(comment: string): string {
  return comment.replaceAll("\n\n", " ");
}
