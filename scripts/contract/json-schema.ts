import { type DescEnum, type DescField, type DescMessage, type DescOneof, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { type Rule, ruleOfField, ruleOfItems } from "./field-rule.ts";
import { commentOf, isWellKnown } from "./read-protos.ts";

export type JsonSchema = { [keyword: string]: unknown };

/** How a message is used: a caller may leave fields out and write numbers as text; an answer is in one form. */
type Side = "input" | "output" | "sparse";

interface Use {
  readonly side: Side;
  /** What zod says of the place; only inputs have rules. */
  readonly rule?: Rule | undefined;
}

const integerText = "^-?[0-9]+$";
const decimalText = "^-?[0-9]+(\\.[0-9]+)?$";

/** The JSON mapping of our messages as JSON Schema 2020-12: what REST takes and gives. */
export class JsonSchemas {
  /** By name, what `#/components/schemas/` refers to. */
  readonly components: Record<string, JsonSchema> = {};
  readonly #rules = new Map<string, string>();
  readonly #outputs = new Set<string>();

  /** Messages that are answers have their own names; the same ones as inputs get a suffix. */
  constructor(answers: readonly DescMessage[]) {
    for (const answer of answers) this.#collectOutputs(answer);
  }

  output(desc: DescMessage): JsonSchema {
    return this.#message(desc, { side: "output" });
  }

  /** An answer that leaves out what is empty. */
  sparse(desc: DescMessage): JsonSchema {
    return this.#message(desc, { side: "sparse" });
  }

  /** A request, without the fields that stand elsewhere in it. */
  input(desc: DescMessage, { rule, without }: { rule: Rule | undefined; without: ReadonlySet<string> }): JsonSchema {
    return this.#object(desc, { side: "input", rule, fields: desc.fields.filter(({ name }) => !without.has(name)) });
  }

  inputField(field: DescField, rule: Rule | undefined): JsonSchema {
    return this.#fieldValue(field, { side: "input", rule });
  }

  #collectOutputs(desc: DescMessage): void {
    if (this.#outputs.has(desc.typeName) || isWellKnown(desc)) return;
    this.#outputs.add(desc.typeName);
    for (const { message } of desc.fields) if (message !== undefined) this.#collectOutputs(message);
  }

  #message(desc: DescMessage, use: Use): JsonSchema {
    if (isWellKnown(desc)) return wellKnown(desc);
    const name = use.side === "input" && this.#outputs.has(desc.typeName) ? `${desc.name}Input` : desc.name;
    const rules = JSON.stringify(use.rule ?? null);
    if (this.#rules.get(name) === undefined) {
      this.#rules.set(name, rules);
      this.components[name] = {};
      this.components[name] = this.#object(desc, { ...use, fields: desc.fields });
    } else if (this.#rules.get(name) !== rules) {
      throw new Error(`${desc.typeName} has different rules in different requests`);
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #object(desc: DescMessage, { side, rule, fields }: Use & { readonly fields: readonly DescField[] }): JsonSchema {
    const properties = fields.map((field) => [field.jsonName, this.#field(field, { side, rule })]);
    const needed = fields.filter((field) => isNeeded(field, side)).map(({ jsonName }) => jsonName);
    return {
      type: "object",
      ...described(desc),
      properties: Object.fromEntries(properties),
      ...(needed.length === 0 ? {} : { required: needed }),
      ...(side === "input" ? { additionalProperties: false, ...onlyOneOfEach(desc) } : {}),
    };
  }

  #field(field: DescField, { side, rule }: Use): JsonSchema {
    const value = this.#fieldValue(field, { side, rule: ruleOfField(rule, field) });
    return { ...described(field), ...(side === "input" && !isRequired(field) ? orNull(value) : value) };
  }

  #fieldValue(field: DescField, { side, rule }: Use): JsonSchema {
    if (field.fieldKind === "list") {
      const items = this.#item(field, { side, rule: ruleOfItems(rule) });
      return { type: "array", items, ...only(rule, ["minItems", "maxItems"]) };
    }
    if (field.fieldKind === "map") {
      const additionalProperties = this.#item(field, { side, rule: ruleOfItems(rule) });
      return { type: "object", additionalProperties, ...only(rule, ["propertyNames", "maxProperties"]) };
    }
    const value = this.#item(field, { side, rule });
    return side === "input" && field.scalar === ScalarType.STRING && !isRequired(field) ? orEmpty(value) : value;
  }

  #item(field: DescField, use: Use): JsonSchema {
    if (field.message?.name === "Duration" && use.side === "input") return durationSchema(use.rule);
    if (field.message !== undefined) return this.#message(field.message, use);
    if (field.enum !== undefined) return enumSchema(field, { desc: field.enum, ...use });
    return scalarSchema(field, use);
  }
}

/** Google's messages come without their comments. */
function described(desc: DescField | DescMessage): JsonSchema {
  const description = commentOf(desc);
  return description === "" ? {} : { description };
}

/** The comment says it, and a test holds it against what the manager does. */
export function isRequired(desc: DescField | DescOneof): boolean {
  return /\bRequired\./.test(commentOf(desc));
}

function isNeeded(field: DescField, side: Side): boolean {
  if (side !== "output") return side === "input" && isRequired(field);
  if (field.fieldKind === "list" || field.fieldKind === "map") return true;
  return field.oneof === undefined && field.presence === FeatureSet_FieldPresence.IMPLICIT;
}

/** null is the same as leaving a field out. */
function orNull(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...schema.anyOf, { type: "null" }] };
  if (Array.isArray(schema.enum)) return { ...schema, enum: [...schema.enum, null] };
  if (typeof schema.type === "string") return { ...schema, type: [schema.type, "null"] };
  return { anyOf: [schema, { type: "null" }] };
}

/** An empty text is the same as none. Only texts of one field: those in lists and maps are values. */
function orEmpty({ minLength, ...schema }: JsonSchema): JsonSchema {
  const { pattern } = schema;
  if (typeof pattern !== "string") return schema;
  return new RegExp(pattern).test("") ? schema : { ...schema, pattern: `^$|${pattern}` };
}

function onlyOneOfEach(desc: DescMessage): JsonSchema {
  const pairs = desc.oneofs.flatMap(({ fields }) =>
    fields.flatMap((one, index) => fields.slice(index + 1).map((other) => [one, other].map(isGiven))),
  );
  const chosen = desc.oneofs.filter(isRequired).map(({ fields }) => ({ anyOf: fields.map(isGiven) }));
  const all = [...pairs.map((pair) => ({ not: { allOf: pair } })), ...chosen];
  return all.length === 0 ? {} : { allOf: all };
}

/** Beside another field of its oneof, null is a value when the field is a message. */
function isGiven({ jsonName, message }: DescField): JsonSchema {
  const required = [jsonName];
  return message === undefined ? { required, properties: { [jsonName]: { not: { type: "null" } } } } : { required };
}

function enumSchema(field: DescField, { desc, side, rule }: Use & { readonly desc: DescEnum }): JsonSchema {
  const names = desc.values.map(({ name }) => name);
  if (side !== "input") return { type: "string", enum: names };
  // Where a value is needed, the zero value, which says nothing, is refused.
  const zeroRefused = isRequired(field) || (field.fieldKind === "list" && rule?.enum !== undefined);
  const taken = zeroRefused ? desc.values.filter(({ number }) => number !== 0) : desc.values;
  return { enum: [...taken.map(({ name }) => name), ...taken.map(({ number }) => number)] };
}

function scalarSchema(field: DescField, { side, rule }: Use): JsonSchema {
  const range = only(rule, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]);
  switch (field.scalar) {
    case ScalarType.STRING:
      return {
        type: "string",
        ...(/_json$/.test(field.name) ? { contentMediaType: "application/json" } : {}),
        ...only(rule, ["minLength", "maxLength", "pattern"]),
      };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.DOUBLE: {
      const words = { type: "string", enum: ["NaN", "Infinity", "-Infinity"] };
      if (side !== "input") return { anyOf: [{ type: "number" }, words] };
      return {
        anyOf: [
          { type: "number", ...range },
          { type: "string", pattern: decimalText },
        ],
      };
    }
    case ScalarType.INT32:
      return side !== "input" ? { type: "integer" } : numberOrText({ type: "integer", ...range });
    case ScalarType.INT64:
      return side !== "input" ? { type: "string", pattern: integerText } : numberOrText({ type: "integer", ...range });
    default:
      throw new Error(`${field.parent.typeName}.${field.name}: no JSON Schema for this type yet`);
  }
}

function numberOrText(number: JsonSchema): JsonSchema {
  const sign = Number(number.minimum ?? -1) >= 0 ? "" : "-?";
  return { anyOf: [number, { type: "string", pattern: `^${sign}[0-9]+$` }] };
}

/** As many digits of seconds as the longest has; the exact range stands in the comment. */
function durationSchema(rule: Rule | undefined): JsonSchema {
  const { minimum, maximum } = rule ?? {};
  if (minimum === undefined || minimum < 0 || maximum === undefined) return wellKnownSchemas.Duration ?? {};
  const digits = String(Math.floor(maximum / 1000)).length;
  return { ...wellKnownSchemas.Duration, pattern: `^[0-9]{1,${digits}}(\\.[0-9]{1,9})?s$` };
}

function wellKnown(desc: DescMessage): JsonSchema {
  const schema = wellKnownSchemas[desc.name];
  if (schema === undefined) throw new Error(`${desc.typeName}: no JSON Schema for this type yet`);
  return schema;
}

const wellKnownSchemas: Readonly<Record<string, JsonSchema>> = {
  Duration: { type: "string", pattern: "^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$", examples: ["1.5s"] },
  Timestamp: { type: "string", format: "date-time" },
  Struct: { type: "object" },
  Value: {},
};

function only(rule: Rule | undefined, keywords: readonly (keyof Rule)[]): JsonSchema {
  if (rule === undefined) return {};
  return Object.fromEntries(keywords.filter((key) => rule[key] !== undefined).map((key) => [key, rule[key]]));
}
