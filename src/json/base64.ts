import type { JsonFields } from "./json-fields.ts";

/** Undefined for what is no base64, and for what bytes can't give back: bits beyond the last byte. */
export function base64(fields: JsonFields, name: string): Uint8Array | undefined {
  const value = fields.string(name);
  if (value === undefined) return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}
