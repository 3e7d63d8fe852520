import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { type FieldViolation, invalidRequest } from "../../errors.ts";

/** Longer than any number that a field can have, with room for zeros. */
export const maxNumberChars = 400;

/** In less JSON no number can be so long that it costs much. */
const smallBytes = 4096;

/**
 * Refuses a text of millions of digits where a number is: reading it, which the RPC library does, takes seconds. Throws
 * `invalid`, naming the field. `bytes`: of the JSON.
 */
export function refuseLongNumbers(desc: DescMessage, json: JsonValue, { bytes }: { readonly bytes: number }): void {
  const problem = bytes > smallBytes ? longNumber(desc, json, "") : undefined;
  if (problem !== undefined) throw invalidRequest([problem]);
}

/** As refuseLongNumbers, of JSON that nobody has parsed. What is no JSON is for others to refuse. */
export function refuseLongNumbersIn(desc: DescMessage, text: Buffer): void {
  if (text.length <= smallBytes || !hasNumbers(desc)) return;
  let json: JsonValue;
  try {
    json = JSON.parse(text.toString()) as JsonValue;
  } catch {
    return;
  }
  refuseLongNumbers(desc, json, { bytes: text.length });
}

function hasNumbers(desc: DescMessage, above: ReadonlySet<DescMessage> = new Set()): boolean {
  if (above.has(desc) || desc.typeName.startsWith("google.protobuf.")) return false;
  const inside = new Set([...above, desc]);
  return desc.fields.some(({ scalar, message }) =>
    message === undefined ? scalar !== undefined && !texts.has(scalar) : hasNumbers(message, inside),
  );
}

function longNumber(desc: DescMessage, json: JsonValue, path: string): FieldViolation | undefined {
  // Well-known types have JSON of their own, and no such numbers.
  if (!isObject(json) || desc.typeName.startsWith("google.protobuf.")) return undefined;
  for (const field of desc.fields) {
    for (const value of [json[field.name], json[field.jsonName]]) {
      const at = path === "" ? field.name : `${path}.${field.name}`;
      for (const one of valuesOf(field, value)) {
        const problem = field.message === undefined ? longText(field, one, at) : longNumber(field.message, one, at);
        if (problem !== undefined) return problem;
      }
    }
  }
  return undefined;
}

/** Of a list or map, each. */
function valuesOf({ fieldKind }: DescField, value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  return typeof value === "object" && (fieldKind === "list" || fieldKind === "map") ? Object.values(value) : [value];
}

function longText({ scalar }: DescField, value: JsonValue, field: string): FieldViolation | undefined {
  if (scalar === undefined || texts.has(scalar) || typeof value !== "string") return undefined;
  return value.length > maxNumberChars ? { field, description: "is no number that this field can have" } : undefined;
}

const texts: ReadonlySet<ScalarType> = new Set([ScalarType.STRING, ScalarType.BYTES, ScalarType.BOOL]);

function isObject(json: JsonValue): json is { [key: string]: JsonValue } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
