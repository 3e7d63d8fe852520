import type { OutputUnit } from "@cfworker/json-schema";
import type { FieldViolation } from "../../../base/errors/errors.ts";
import { memberPath } from "../../../base/text/member-path.ts";

/** More than a client gets to see. */
const maxViolations = 32;
const maxDescriptionChars = 500;

/** Keywords whose errors say only that there are others further inside. */
const containers = new Set([
  "$ref",
  "$recursiveRef",
  "additionalItems",
  "additionalProperties",
  "allOf",
  "dependencies",
  "dependentSchemas",
  "if",
  "items",
  "patternProperties",
  "prefixItems",
  "properties",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
]);
/** Keywords of which one alternative would have been enough: what each lacks belongs to one sentence. */
const alternatives = new Set(["anyOf", "oneOf"]);

/** The places of a value that break its schema, one sentence each; `value` tells list items from members. */
export function violationsOf(errors: readonly OutputUnit[], value: unknown): FieldViolation[] {
  const violations = new Map<string, FieldViolation>();
  for (let index = 0; index < errors.length && violations.size < maxViolations; index += 1) {
    const error = errors[index] as OutputUnit;
    const within: OutputUnit[] = [];
    if (alternatives.has(error.keyword)) {
      const inside = `${error.keywordLocation}/`;
      while (errors[index + 1]?.keywordLocation.startsWith(inside)) {
        index += 1;
        within.push(errors[index] as OutputUnit);
      }
    }
    if (containers.has(error.keyword)) continue;
    const field = violatedField(error.instanceLocation, value);
    if (!violations.has(field)) violations.set(field, { field, description: describe(error, within) });
  }
  return [...violations.values()];
}

function describe(error: OutputUnit, within: readonly OutputUnit[]): string {
  if (error.keyword === "false") return "is not allowed by the tool's input schema";
  const inner = within.filter(({ keyword }) => !containers.has(keyword)).map((unit) => unit.error);
  const sentence = `breaks ${error.keyword} of the tool's input schema: ${error.error}`;
  return (inner.length === 0 ? sentence : `${sentence} (${inner.join(" ")})`).slice(0, maxDescriptionChars);
}

/** `#/path/to/0/field` -> `arguments.path.to[0].field` */
function violatedField(instanceLocation: string, value: unknown): string {
  let field = "arguments";
  let place = value;
  for (const encoded of instanceLocation.split("/").slice(1)) {
    const name = decodeURIComponent(encoded).replaceAll("~1", "/").replaceAll("~0", "~");
    const inList = Array.isArray(place);
    field = memberPath(field, inList ? Number(name) : name);
    place = typeof place === "object" && place !== null ? (place as Record<string, unknown>)[name] : undefined;
  }
  return field;
}
