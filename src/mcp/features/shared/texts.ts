import type { JsonFields } from "../../../json/json-fields.ts";

/** Fields that are texts; empty where there is none. */
export interface Texts<Name extends string> {
  readonly values: Readonly<Record<Name, string>>;
  /** Those whose place holds all that the server gave; the others go to the rest, too. */
  readonly placed: readonly Name[];
}

/** Reads fields that should be texts. An unpaired surrogate, which protobuf can't carry, becomes U+FFFD. */
export function readTexts<Name extends string>(fields: JsonFields, names: readonly Name[]): Texts<Name> {
  const values = names.map((name) => [name, fields.string(name)?.toWellFormed() ?? ""]);
  const placed = names.filter((name) => textField(fields, name) !== undefined);
  return { values: Object.fromEntries(values), placed };
}

/** Fields that are JSON of the server's own; empty where there is none. Null is none, and belongs to the rest. */
export function readJson<Name extends string>(fields: JsonFields, names: readonly Name[]): Texts<Name> {
  const placed = names.filter((name) => (fields.raw(name) ?? "null") !== "null");
  const values = names.map((name) => [name, placed.includes(name) ? fields.raw(name) : ""]);
  return { values: Object.fromEntries(values), placed };
}

/** A string that protobuf can carry: UTF-8 has no unpaired surrogates. */
export function textField(fields: JsonFields, name: string): string | undefined {
  const value = fields.string(name);
  return value?.isWellFormed() ? value : undefined;
}

/** A name or a URI by which a caller may ask for the entry that has it. Undefined: nobody can. */
export function keyField(fields: JsonFields, name: string, maxChars: number): string | undefined {
  const value = textField(fields, name);
  return value === undefined || value === "" || value.length > maxChars ? undefined : value;
}

/** A size in bytes that a double holds exactly. */
export function countField(fields: JsonFields, name: string): number | undefined {
  const value = fields.raw(name);
  return value !== undefined && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}
