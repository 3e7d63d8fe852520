import type { DescField, DescMethod } from "@bufbuild/protobuf";
import { z } from "zod";
import { managerOperations } from "../../src/rpc/methods/manager-operations.ts";

/** The part of a zod schema that JSON Schema can say. */
export type Rule = z.core.JSONSchema.BaseSchema;

/** The rules of an RPC's request. */
export function ruleOfRequest({ name, localName }: DescMethod): Rule {
  if (!Object.hasOwn(managerOperations, localName))
    throw new Error(`manager-operations.ts has no operation for ${name}`);
  const { schema } = managerOperations[localName as keyof typeof managerOperations];
  // What comes out of it: what a map's check takes in is anything.
  return z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
}

/** The rule of a field within that of its message; undefined when JSON Schema can't say it. */
export function ruleOfField(rule: Rule | undefined, field: DescField): Rule | undefined {
  const time = field.message?.name === "Duration" || field.message?.name === "Timestamp";
  const key = time ? `${field.localName}Ms` : field.localName;
  const variants = (rule?.oneOf ?? [rule]) as (Rule | undefined)[];
  const [first, ...others] = variants.map((variant) => variant?.properties?.[key] as Rule | undefined);
  const agreed = others.every((other) => JSON.stringify(other) === JSON.stringify(first));
  return agreed ? first : undefined;
}

/** The rule of a list's or a map's items. */
export function ruleOfItems(rule: Rule | undefined): Rule | undefined {
  const items = rule?.items ?? rule?.additionalProperties;
  return typeof items === "object" && !Array.isArray(items) ? items : undefined;
}
