import type { JsonFields } from "./json-fields.ts";

/** Undefined for text that is not base64, and for bits beyond the last byte, which bytes can't give back. */
export function base64(fields: JsonFields, name: string): Uint8Array | undefined {
  const value = fields.string(name);
  if (value === undefined) return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}
