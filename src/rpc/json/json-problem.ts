import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import type { FieldViolation } from "../../base/errors/errors.ts";
import { maxCallerDepth } from "../../json/caller-json.ts";
import type { JsonPath } from "../../json/repeated-member.ts";
import { isObject, maxNumberChars } from "../bounds/costly-json.ts";
import { fieldOf, protoPath } from "./json-path.ts";

/** How JSON of callers is read. A misspelt field must not vanish; messages count as levels, too. */
export const requestJson = { ignoreUnknownFields: false, recursionLimit: 2 * maxCallerDepth + 8 };

/**
 * Finds the first part of a JSON value that the message does not allow, and gives its path in the proto's spelling;
 * undefined when nothing is found. Called only after the RPC library has refused the value: the library's text names
 * neither path nor rule.
 */
export function jsonProblem(desc: DescMessage, json: JsonValue): FieldViolation | undefined {
  return messageProblem(desc, json, "");
}

/** A violation for a refused value. There is always one, even when nothing more is known of the problem. */
export function jsonViolation(desc: DescMessage, json: JsonValue): FieldViolation {
  return jsonProblem(desc, json) ?? { field: "body", description: `is not a ${desc.name}` };
}

/** A violation for a member that its object has twice. */
export function repeatedField(desc: DescMessage, path: JsonPath): FieldViolation {
  return { field: protoPath(desc, path), description: "must be given once" };
}

/** A violation for a number that the form of the request can't carry as it was written. */
export function roundedField(desc: DescMessage, path: JsonPath): FieldViolation {
  const instead = path[0] === "arguments" ? ": use arguments_json" : "";
  return { field: protoPath(desc, path), description: `is a number that would be rounded${instead}` };
}

function messageProblem(desc: DescMessage, json: JsonValue, path: string): FieldViolation | undefined {
  if (desc.typeName.startsWith("google.protobuf.")) return wellKnownProblem(desc, { json, path });
  if (!isObject(json)) return { field: path || "body", description: "must be a JSON object" };
  const seen = new Set<string>();
  const chosen = new Map<string, string>();
  for (const [key, value] of Object.entries(json)) {
    const field = fieldOf(desc, key);
    if (field === undefined) return { field: join(path, key), description: "is not a known field" };
    const at = join(path, field.name);
    if (seen.has(field.name)) return { field: at, description: "must be given once" };
    seen.add(field.name);
    const other = chosenBefore(field, { value, chosen });
    if (other !== undefined) return { field: at, description: `must not be given together with ${other}` };
    if (value === null) continue;
    const problem = fieldProblem(field, { json: value, path: at });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The field of the same oneof that was given already. `chosen`: the fields that were, by their oneof. */
function chosenBefore(
  { name, oneof, message }: DescField,
  { value, chosen }: { readonly value: JsonValue; readonly chosen: Map<string, string> },
): string | undefined {
  // The RPC library counts a null among the fields of a oneof when the field is a message.
  if (oneof === undefined || (value === null && message === undefined)) return undefined;
  const other = chosen.get(oneof.name);
  chosen.set(oneof.name, name);
  return other;
}

interface Place {
  readonly json: JsonValue;
  readonly path: string;
}

function fieldProblem(field: DescField, { json, path }: Place): FieldViolation | undefined {
  if (field.fieldKind === "list") {
    if (!Array.isArray(json)) return { field: path, description: "must be a list" };
    return first(json.map((item, index) => () => valueProblem(field, { json: item, path: `${path}[${index}]` })));
  }
  if (field.fieldKind === "map") {
    if (!isObject(json)) return { field: path, description: "must be a JSON object" };
    const entries = Object.entries(json);
    return first(
      entries.map(
        ([key, value]) =>
          () =>
            valueProblem(field, { json: value, path: `${path}[${JSON.stringify(key)}]` }),
      ),
    );
  }
  return valueProblem(field, { json, path });
}

function valueProblem(field: DescField, { json, path }: Place): FieldViolation | undefined {
  if (field.message !== undefined) return messageProblem(field.message, json, path);
  if (field.enum !== undefined) return enumProblem(field.enum, { json, path });
  return field.scalar !== undefined && !fits(field.scalar, json)
    ? { field: path, description: `must be ${scalarNames[field.scalar] ?? "another kind of value"}` }
    : undefined;
}

function enumProblem(desc: DescEnum, { json, path }: Place): FieldViolation | undefined {
  const names = desc.values.map(({ name }) => name);
  if (typeof json === "string" ? names.includes(json) : Number.isInteger(json)) return undefined;
  return {
    field: path,
    description: `must be one of ${names.filter((name) => !/_UNSPECIFIED$/.test(name)).join(", ")}`,
  };
}

const durationText = /^-?[0-9]+(?:\.[0-9]{1,9})?s$/;

const wellKnown: Readonly<Record<string, string>> = {
  Duration: 'must be a duration in seconds, e.g. "1.5s"',
  Timestamp: 'must be a time, e.g. "2026-01-31T12:00:00Z"',
  Struct: "must be a JSON object",
};

function wellKnownProblem(desc: DescMessage, { json, path }: Place): FieldViolation | undefined {
  try {
    fromJson(desc, json, requestJson);
    if (desc.name !== "Duration" || durationText.test(String(json))) return undefined;
    return { field: path, description: wellKnown.Duration ?? "" };
  } catch {
    if (desc.name === "Struct" && isObject(json)) {
      return { field: path, description: `must have at most ${maxCallerDepth} levels` };
    }
    return { field: path, description: wellKnown[desc.name] ?? `must be a ${desc.name}` };
  }
}

const scalarNames: Partial<Record<ScalarType, string>> = {
  [ScalarType.STRING]: "a string",
  [ScalarType.BOOL]: "true or false",
  [ScalarType.DOUBLE]: "a number",
  [ScalarType.INT32]: "an integer of 32 bits",
  [ScalarType.INT64]: "an integer of 64 bits",
  [ScalarType.BYTES]: "bytes as base64",
};

function fits(scalar: ScalarType, json: JsonValue): boolean {
  switch (scalar) {
    case ScalarType.STRING:
      return typeof json === "string" && json.isWellFormed();
    case ScalarType.BOOL:
      return typeof json === "boolean";
    case ScalarType.DOUBLE:
      return (
        typeof json === "number" ||
        (typeof json === "string" && json.trim() === json && !Number.isNaN(Number(json || "x")))
      );
    case ScalarType.INT32:
      return isInteger(json, 31n);
    case ScalarType.INT64:
      return isInteger(json, 63n);
    default:
      return typeof json === "string";
  }
}

function isInteger(json: JsonValue, bits: bigint): boolean {
  const text = typeof json === "number" ? json : isIntegerText(json) ? json : undefined;
  if (text === undefined || (typeof text === "number" && !Number.isInteger(text))) return false;
  const value = BigInt(text);
  return value >= -(2n ** bits) && value < 2n ** bits;
}

/** No field can have longer ones, and they cost much. */
function isIntegerText(json: JsonValue): json is string {
  return typeof json === "string" && json.length <= maxNumberChars && /^-?[0-9]+$/.test(json);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function first(checks: readonly (() => FieldViolation | undefined)[]): FieldViolation | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem !== undefined) return problem;
  }
  return undefined;
}
