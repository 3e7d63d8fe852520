import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const integers = [
  "int32",
  "uint32",
  "sint32",
  "fixed32",
  "sfixed32",
  "int64",
  "uint64",
  "sint64",
  "fixed64",
  "sfixed64",
];
const keys = [...integers, "bool", "string"];
const scalars = [...keys, "double", "float", "bytes"];
const messages = ["Kinds", "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.BoolValue"];
const types = [...scalars, "Choice", ...messages];

/** Message types that have fields of every kind in every form, one in each syntax of protobuf. */
export function kindsOfFields(): readonly DescMessage[] {
  const folder = mkdtempSync(join(tmpdir(), "mcpm-kinds-"));
  try {
    writeFileSync(join(folder, "proto2.proto"), proto2());
    writeFileSync(join(folder, "proto3.proto"), proto3());
    writeFileSync(join(folder, "editions.proto"), editions());
    const image = execFileSync("node_modules/.bin/buf", ["build", folder, "--output", "-"]);
    const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
    const named = (name: string) => files.getMessage(name) ?? expected(name);
    return ["proto2.Kinds", "proto2.Needs", "proto3.Kinds", "editions.Kinds"].map(named);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function proto2(): string {
  return `syntax = "proto2"; package proto2; ${imports}
    enum Choice { FIRST = 3; SECOND = -2; }
    message Needs { required int32 number = 1; optional Needs more = 2; }
    message Kinds { extensions 1000 to max;
      ${fields([
        ...types.map((type) => `optional ${type}`),
        ...types.map((type) => `repeated ${type}`),
        ...mapTypes(),
        "optional Needs",
        ...["optional", "repeated"].map((label) => ({ group: label })),
      ])}
      optional int32 with_default = 900 [default = 7];
      repeated int64 packed = 901 [packed = true];
      ${oneof(types)} }`;
}

function proto3(): string {
  return `syntax = "proto3"; package proto3; ${imports}
    enum Choice { NONE = 0; SECOND = -2; THIRD = 300; }
    message Kinds {
      ${fields([
        ...types,
        ...types.map((type) => `optional ${type}`),
        ...types.map((type) => `repeated ${type}`),
        ...mapTypes(),
      ])}
      repeated int64 expanded = 900 [packed = false];
      ${oneof(types)} }`;
}

function editions(): string {
  return `edition = "2023"; package editions; ${imports}
    enum Choice { NONE = 0; SECOND = 2; }
    message Kinds {
      ${fields([...types, ...types.map((type) => `repeated ${type}`)])}
      int32 implicit = 900 [features.field_presence = IMPLICIT];
      Kinds delimited = 901 [features.message_encoding = DELIMITED];
      repeated Kinds delimited_list = 902 [features.message_encoding = DELIMITED];
      ${oneof(types)} }`;
}

const imports = `import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";`;

function mapTypes(): string[] {
  return [...keys.map((key) => `map<${key}, string>`), ...types.map((type) => `map<string, ${type}>`)];
}

/** With numbers from 1 on, whose tags have one byte, or two. */
function fields(declared: readonly (string | { readonly group: string })[]): string {
  return declared
    .map((field, index) =>
      typeof field === "string"
        ? `${field} f${index + 1} = ${index + 1};`
        : `${field.group} group G${index + 1} = ${index + 1} { optional string text = 1; }`,
    )
    .join("\n");
}

function oneof(declared: readonly string[]): string {
  return `oneof choice { ${declared.map((type, index) => `${type} o${index} = ${910 + index};`).join("\n")} }`;
}

function expected(name: string): never {
  throw new Error(`no message ${name} was made`);
}
