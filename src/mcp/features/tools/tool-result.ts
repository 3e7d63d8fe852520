import type { Era } from "../../../base/spec/spec.ts";
import { isExactValue } from "../../../json/exact-value.ts";
import { type Content, readContent } from "../shared/content.ts";
import {
  type InputRequiredRest,
  type InputRequiredResult,
  inputRequiredResult,
  listField,
  restOf,
  resultFields,
} from "../shared/input-required-result.ts";

const what = "tool result";

/** A tool's result, before anything in it is parsed but the two fields that callers branch on. */
export interface ToolResult extends InputRequiredResult {
  readonly isError: boolean;
}

/** A tool's result with its parts in their places; nothing of it is lost. */
export interface TypedResult extends InputRequiredRest {
  readonly content: readonly Content[];
  /** The structured result: as a value when that changes nothing, else as the server's text. */
  readonly structured?: { readonly value: unknown } | { readonly json: string };
}

/**
 * Reads a result of a server of this era. Throws `protocol` when it is not an object, and what `inputRequiredResult`
 * throws.
 */
export function readToolResult(json: string, era: Era): ToolResult {
  const fields = resultFields(json, what);
  return { ...inputRequiredResult(fields, { json, era, what }), isError: fields.raw("isError") === "true" };
}

/** Puts a result's parts in their places. Throws what `listField` throws. */
export function typedResult(result: ToolResult): TypedResult {
  const fields = resultFields(result.json, what);
  const structured = fields.raw("structuredContent");
  const isFlag = /^(?:true|false)$/.test(fields.raw("isError") ?? "");
  const content = listField(fields, "content");
  const placed = [...content.placed, "structuredContent", ...(isFlag ? ["isError"] : [])];
  return {
    content: content.elements.map(readContent),
    ...(structured === undefined ? {} : { structured: structuredOf(structured) }),
    ...restOf(fields, { kind: result.kind, placed }),
  };
}

function structuredOf(text: string): { value: unknown } | { json: string } {
  return isExactValue(text) ? { value: JSON.parse(text) } : { json: text };
}
