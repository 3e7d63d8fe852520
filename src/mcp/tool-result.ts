import { ManagerError } from "../errors.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import { arrayElements, eachElement } from "../jsonrpc/json-members.ts";
import { JsonSyntaxError } from "../jsonrpc/json-scan.ts";
import type { Era } from "../spec.ts";
import { truncateUtf8 } from "../truncate.ts";
import { type Content, readContent } from "./content.ts";
import { isExactValue } from "./exact-value.ts";

/** As messages, more would take seconds and gigabytes. */
const maxContentValues = 100_000;

/** A tool's result, before anything in it is parsed but the two fields that callers branch on. */
export interface ToolResult {
  /** The result object as the server wrote it, byte for byte. */
  readonly json: string;
  readonly isError: boolean;
  readonly kind: "complete" | "input_required";
  /** What the server wants to have back with the answers. Only `input_required`. */
  readonly requestState?: string;
}

/** A tool's result with its parts in their places; nothing of it is lost. */
export interface TypedResult {
  readonly content: readonly Content[];
  /** The structured result: as a value when that changes nothing, else as the server's text. */
  readonly structured?: { readonly value: unknown } | { readonly json: string };
  /** What the server asks for, an object by its own keys; empty: nothing, or the result is complete. */
  readonly inputRequestsJson: string;
  /** The fields that have no place here, as JSON; empty when there are none. */
  readonly extraJson: string;
}

/**
 * Reads a result of a server of this era. Throws `protocol` when it is not an object, and when it is of a kind that the
 * era does not have (MCP revision 2026-07-28, basic/index, ResultType).
 */
export function readToolResult(json: string, era: Era): ToolResult {
  const fields = fieldsOf(json);
  const isError = fields.raw("isError") === "true";
  // Before there were kinds, the field was any other.
  const kind = era === "legacy" ? "complete" : kindOf(fields);
  if (kind === "complete") return { json, isError, kind };
  const requestState = fields.raw("requestState");
  return { json, isError, kind, ...(requestState === undefined ? {} : { requestState: stateOf(fields) }) };
}

function kindOf(fields: JsonFields): ToolResult["kind"] {
  const raw = fields.raw("resultType");
  const kind = raw === undefined ? "complete" : fields.string("resultType");
  if (kind === "complete" || kind === "input_required") return kind;
  throw notAResult(`its resultType is ${truncateUtf8(raw ?? "", { maxBytes: 64, keep: "start" })}`);
}

function stateOf(fields: JsonFields): string {
  const state = fields.string("requestState");
  if (state === undefined) throw notAResult("its requestState is not a string");
  if (!state.isWellFormed())
    throw notAResult("its requestState holds an unpaired surrogate, which nobody can give back");
  return state;
}

/**
 * Whether a failed result is the JSON-RPC error -32602 in disguise: servers on the TypeScript SDK answer an unknown tool
 * and wrong arguments so.
 */
export function isRefusal(result: ToolResult): boolean {
  if (!result.isError) return false;
  const content = fieldsOf(result.json).raw("content");
  const [first] = content?.startsWith("[") ? eachElement(content) : [];
  return first !== undefined && JsonFields.of(first)?.string("text")?.startsWith("MCP error -32602:") === true;
}

/**
 * Puts a result's parts in their places. Throws `protocol` when `content` is not an array, and `too_much` when it has
 * more than 100,000 values.
 */
export function typedResult(result: ToolResult): TypedResult {
  const fields = fieldsOf(result.json);
  const structured = fields.raw("structuredContent");
  const inputRequests = result.kind === "input_required" ? fields.raw("inputRequests") : undefined;
  return {
    content: contentOf(fields),
    ...(structured === undefined ? {} : { structured: structuredOf(structured) }),
    inputRequestsJson: inputRequests ?? "",
    extraJson: fields.rest(placedFields(fields, result)),
  };
}

/** A known field with a value that its place can't hold goes to the rest as well. */
function placedFields(fields: JsonFields, { kind }: ToolResult): Set<string> {
  const placed = new Set(["content", "structuredContent"]);
  if (/^(?:true|false)$/.test(fields.raw("isError") ?? "")) placed.add("isError");
  if (fields.string("resultType") === kind) placed.add("resultType");
  if (kind === "input_required") placed.add("inputRequests").add("requestState");
  return placed;
}

function contentOf(fields: JsonFields): Content[] {
  const content = fields.raw("content");
  if (content === undefined) return [];
  if (!content.startsWith("[")) throw notAResult("its content is not an array");
  return contentElements(content).map(readContent);
}

function contentElements(content: string): string[] {
  try {
    return arrayElements(content, { maxValues: maxContentValues });
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    // The text was proven before.
    throw new ManagerError(
      "too_much",
      `the result's content has more than ${maxContentValues} values: ask for RESULT_FORMAT_JSON`,
      { details: { reason: "RESULT_TOO_LARGE", delivery: "answered" } },
    );
  }
}

function structuredOf(text: string): { value: unknown } | { json: string } {
  return isExactValue(text) ? { value: JSON.parse(text) } : { json: text };
}

function fieldsOf(json: string): JsonFields {
  const fields = JsonFields.of(json);
  if (fields === undefined) throw notAResult("it is not an object of at most 10,000 members");
  return fields;
}

function notAResult(problem: string): ManagerError {
  return new ManagerError("protocol", `the server's tool result breaks MCP: ${problem}`, {
    details: { reason: "MALFORMED_RESULT", delivery: "answered" },
  });
}
