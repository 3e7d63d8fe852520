import type { FuzzCase } from "./fuzz-target.ts";

/** The same bytes in three ways: cut as the case says, whole, and byte by byte. */
export function splits(input: FuzzCase): { readonly how: string; readonly chunks: readonly Buffer[] }[] {
  const chunks = input.map((text) => Buffer.from(text, "latin1"));
  const whole = Buffer.concat(chunks);
  return [
    { how: "as cut", chunks },
    { how: "whole", chunks: [whole] },
    { how: "byte by byte", chunks: Array.from(whole, (byte) => Buffer.from([byte])) },
  ];
}
