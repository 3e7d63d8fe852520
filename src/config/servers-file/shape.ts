import { z } from "zod";
import { protoName } from "../../base/spec/proto-name.ts";

/** The part of a zod schema that JSON Schema can say. */
export type Rule = z.core.JSONSchema.BaseSchema;

/** What the value of a field looks like, taken from its schema: how it is read, and what editors are told. */
export type Shape =
  | { readonly kind: "text" | "number" | "boolean" | "duration" | "size"; readonly rule: Rule }
  | WordsShape
  /** A word, or the proto's message with that word as its only key: `{bridge: {}}`. */
  | { readonly kind: "network"; readonly words: WordsShape }
  /** A text such as `./data:/data:ro`, or a mapping. */
  | { readonly kind: "mount"; readonly object: ObjectShape }
  | { readonly kind: "list"; readonly item: Shape; readonly rule: Rule }
  /** Names that the user makes up, and what stands under each. */
  | { readonly kind: "names"; readonly value: Shape; readonly rule: Rule }
  | ObjectShape;

export interface WordsShape {
  readonly kind: "words";
  readonly words: readonly string[];
  /** What the proto's names of these words begin with. */
  readonly prefix: string;
  readonly rule: Rule;
}

export interface ObjectShape {
  readonly kind: "object";
  /** By the key in the file. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly required: readonly string[];
}

export interface Field {
  /** The key in the domain: `idleTimeoutMs`. */
  readonly key: string;
  /** In the file: `idle_timeout`; a size has a short one besides, `memory` for `memory_bytes`. */
  readonly names: readonly string[];
  readonly shape: Shape;
}

export function shapeOf(schema: z.ZodType): ObjectShape {
  const shape = shapeOfRule(ruleOf(schema), []);
  if (shape.kind !== "object") throw new Error("not the schema of an object");
  return shape;
}

export function ruleOf(schema: z.ZodType): Rule {
  return z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
}

function shapeOfRule(rule: Rule, path: readonly string[]): Shape {
  const key = path.at(-1) ?? "";
  if (Array.isArray(rule.enum)) {
    const words = { kind: "words", words: rule.enum.map(String), prefix: prefixOf(path), rule } as const;
    return path.join(".") === "network" ? { kind: "network", words } : words;
  }
  if (rule.oneOf !== undefined) return { kind: "mount", object: variantsShape(rule.oneOf as readonly Rule[], path) };
  if (rule.type === "object") {
    if (rule.properties === undefined) {
      return { kind: "names", value: shapeOfRule(asRule(rule.additionalProperties), path), rule };
    }
    return objectShape(Object.entries(rule.properties), { required: rule.required ?? [], path });
  }
  if (rule.type === "array") {
    return { kind: "list", item: shapeOfRule(asRule(rule.items), [...path.slice(0, -1), key.replace(/s$/, "")]), rule };
  }
  if (rule.type === "boolean") return { kind: "boolean", rule };
  if (rule.type !== "number" && rule.type !== "integer") return { kind: "text", rule };
  if (key.endsWith("Ms")) return { kind: "duration", rule };
  return { kind: key.endsWith("Bytes") ? "size" : "number", rule };
}

function objectShape(
  properties: readonly (readonly [string, unknown])[],
  { required, path }: { readonly required: readonly string[]; readonly path: readonly string[] },
): ObjectShape {
  const fields = new Map<string, Field>();
  for (const [key, rule] of properties) {
    const shape = shapeOfRule(asRule(rule), [...path, key]);
    const name = protoName(key);
    const names = shape.kind === "size" ? [name.replace(/_bytes$/, ""), name] : [name];
    const field = { key, names, shape };
    for (const one of names) fields.set(one, field);
  }
  return { kind: "object", fields, required };
}

/** The fields of all variants: which of them go together, the schema says afterwards. */
function variantsShape(variants: readonly Rule[], path: readonly string[]): ObjectShape {
  const all = new Map<string, unknown>();
  for (const { properties = {} } of variants) {
    for (const [key, rule] of Object.entries(properties)) {
      const known = all.get(key);
      // A variant says of what it does not take that it matches nothing.
      if (known === undefined || isNever(asRule(known))) all.set(key, rule);
    }
  }
  const [first] = variants;
  const by = Object.entries(first?.properties ?? {}).find(([, rule]) => asRule(rule).const !== undefined)?.[0] ?? "";
  all.set(by, { enum: variants.map(({ properties }) => asRule(properties?.[by]).const) });
  const required = (first?.required ?? []).filter((key) => variants.every((one) => one.required?.includes(key)));
  return objectShape([...all], { required, path });
}

function isNever({ not }: Rule): boolean {
  return not !== undefined;
}

function asRule(rule: unknown): Rule {
  return typeof rule === "object" && rule !== null ? (rule as Rule) : {};
}

/** `["restart", "policy"]` -> `RESTART_POLICY_` */
function prefixOf(path: readonly string[]): string {
  return `${path.map(protoName).join("_").toUpperCase()}_`;
}

/** The keys of a mapping, those of several names once. */
export function namesOf(shape: ObjectShape): string[] {
  return [...new Set([...shape.fields.values()].map(({ names }) => names[0] ?? ""))];
}
