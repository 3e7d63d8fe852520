import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { invalidRequest, type ManagerError } from "../../base/errors/errors.ts";
import { manyValues, maxOwnValues, refuseManyValues } from "./request-values.ts";
import { isWellKnown } from "./wire-layout.ts";

/** Longer than any number that a field can have, with room for zeros. */
export const maxNumberChars = 400;

/** In less JSON no number can be so long that it costs much. */
const smallBytes = 4096;

/**
 * Refuses JSON that costs much more than its size: a list or map of ours with far more entries than are allowed, and a
 * text of millions of digits in the place of a number, which the RPC library takes seconds to read. Throws `invalid`,
 * naming the field. `bytes`: the size of the JSON.
 */
export function refuseCostlyJson(desc: DescMessage, json: JsonValue, { bytes }: { readonly bytes: number }): void {
  const problem = bytes > smallBytes ? costly(desc, json, "") : undefined;
  if (problem !== undefined) throw problem;
}

/**
 * Does what refuseManyValues and refuseCostlyJson do, for JSON that is not parsed yet. Text that is not JSON is left
 * for others to refuse.
 */
export function refuseCostlyText(desc: DescMessage, text: Buffer): void {
  refuseManyValues([text]);
  if (text.length <= smallBytes || !mayBeCostly(desc)) return;
  let json: JsonValue;
  try {
    json = JSON.parse(text.toString()) as JsonValue;
  } catch {
    return;
  }
  refuseCostlyJson(desc, json, { bytes: text.length });
}

/** Whether the message has a list, a map or a number anywhere. */
function mayBeCostly(desc: DescMessage, above: ReadonlySet<DescMessage> = new Set()): boolean {
  if (above.has(desc) || isWellKnown(desc)) return false;
  const inside = new Set([...above, desc]);
  return desc.fields.some(
    (field) =>
      isMany(field) || isNumberField(field) || (field.message !== undefined && mayBeCostly(field.message, inside)),
  );
}

/** Well-known types have JSON of their own, and bounds. */
function costly(desc: DescMessage, json: JsonValue, path: string): ManagerError | undefined {
  if (!isObject(json) || isWellKnown(desc)) return undefined;
  for (const field of desc.fields) {
    const at = path === "" ? field.name : `${path}.${field.name}`;
    const problem = costlyField(field, json[field.name], at) ?? costlyField(field, json[field.jsonName], at);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function costlyField(field: DescField, value: JsonValue | undefined, path: string): ManagerError | undefined {
  const values = valuesOf(field, value);
  if (values.length > maxOwnValues) return manyValues(path);
  for (const one of values) {
    const problem = field.message === undefined ? longText(field, one, path) : costly(field.message, one, path);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** For a list or map: each of its values. */
function valuesOf(field: DescField, value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  return typeof value === "object" && isMany(field) ? Object.values(value) : [value];
}

function longText(field: DescField, value: JsonValue, path: string): ManagerError | undefined {
  if (!isNumberField(field) || typeof value !== "string" || value.length <= maxNumberChars) return undefined;
  return invalidRequest([{ field: path, description: "is not a number that this field can have" }]);
}

function isMany({ fieldKind }: DescField): boolean {
  return fieldKind === "list" || fieldKind === "map";
}

function isNumberField({ scalar }: DescField): boolean {
  return scalar !== undefined && !texts.has(scalar);
}

const texts: ReadonlySet<ScalarType> = new Set([ScalarType.STRING, ScalarType.BYTES, ScalarType.BOOL]);

export function isObject(json: JsonValue): json is { [key: string]: JsonValue } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
