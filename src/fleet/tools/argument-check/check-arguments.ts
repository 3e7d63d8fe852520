import { type OutputUnit, type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import type { FieldViolation } from "../../../base/errors/errors.ts";
import { memberPath } from "../../../base/text/member-path.ts";
import { inexactNumber } from "../../../json/inexact-number.ts";
import { type JsonPath, repeatedMember } from "../../../json/repeated-member.ts";
import { violationsOf } from "./violations.ts";

/** What is to be checked, as JSON texts: a tool's input schema and a call's arguments, both proven. */
export interface CheckInput {
  readonly schemaJson: string;
  readonly argumentsJson: string;
}

export type CheckResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly violations: readonly FieldViolation[] }
  /** The schema is invalid, or says what this can't check. */
  | { readonly kind: "unsupported"; readonly problem: string };

const maxProblemChars = 500;

/** By their URIs without scheme and empty fragment. */
const drafts: Readonly<Record<string, SchemaDraft>> = {
  "//json-schema.org/draft/2020-12/schema": "2020-12",
  "//json-schema.org/draft/2019-09/schema": "2019-09",
  "//json-schema.org/draft-07/schema": "7",
};

/**
 * Checks arguments against a schema: draft 2020-12, or 2019-09 or draft-07 when `$schema` says so. Nothing is fetched:
 * a `$ref` that leads out of the schema is unsupported. It may take any time and memory: run it where both are bounded.
 */
export function checkArguments({ schemaJson, argumentsJson }: CheckInput): CheckResult {
  const value: unknown = JSON.parse(argumentsJson);
  const ambiguous = ambiguity(argumentsJson, value);
  if (ambiguous !== undefined) return { kind: "rejected", violations: [ambiguous] };
  const schema: unknown = schemaJson === "" ? undefined : JSON.parse(schemaJson);
  if (!isObject(schema)) return unsupported("it is not an object");
  const { $schema = "https://json-schema.org/draft/2020-12/schema" } = schema;
  const draft =
    drafts[
      String($schema)
        .replace(/^https?:/, "")
        .replace(/#$/, "")
    ];
  if (draft === undefined) return unsupported(`its $schema ${JSON.stringify($schema)} is not known`);
  // The library passes over it, and would accept what it refuses.
  if (/"\$dynamicRef"\s*:\s*"/.test(schemaJson)) return unsupported("$dynamicRef can't be checked");
  return checkValue(value, { schema, draft });
}

function checkValue(value: unknown, { schema, draft }: { schema: Schema; draft: SchemaDraft }): CheckResult {
  let errors: OutputUnit[];
  try {
    errors = new Validator(schema, draft, false).validate(value).errors;
  } catch (error) {
    // An unresolved reference, a bad pattern, a type where none may be; what follows the first line is for its author.
    return unsupported((error as Error).message.split("\n", 1)[0] ?? "");
  }
  if (errors.length === 0) return { kind: "accepted" };
  const unknown = unknownType(errors);
  if (unknown !== undefined) return unsupported(`there is no type ${JSON.stringify(unknown)}`);
  return { kind: "rejected", violations: violationsOf(errors, value) };
}

const types = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);

/** A type in the schema that does not exist: no arguments could follow it. Only the library's words tell. */
function unknownType(errors: readonly OutputUnit[]): string | undefined {
  const asked = errors.filter(({ keyword }) => keyword === "type").map(({ error }) => error.split(" Expected ")[1]);
  return asked.flatMap((text) => text?.match(/(?<=")[^",]+(?=")/g) ?? []).find((type) => !types.has(type));
}

/** Arguments whose values here and at the server may not be the same. */
function ambiguity(argumentsJson: string, value: unknown): FieldViolation | undefined {
  const repeated = repeatedMember(argumentsJson, value);
  if (repeated !== undefined)
    return violation(repeated, "is given twice: servers differ in which of the two they take");
  const inexact = inexactNumber(argumentsJson);
  return inexact && violation(inexact, "is a number that is not exactly a double, and can't be checked");
}

function violation(path: JsonPath, description: string): FieldViolation {
  return { field: path.reduce<string>(memberPath, "arguments"), description };
}

function unsupported(problem: string): CheckResult {
  return { kind: "unsupported", problem: problem.slice(0, maxProblemChars) };
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
