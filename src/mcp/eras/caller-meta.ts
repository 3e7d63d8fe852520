import { invalidRequest } from "../../base/errors/errors.ts";
import { type JsonMember, objectMembers } from "../../json/json-members.ts";
import { JsonSyntaxError } from "../../json/json-scan.ts";
import type { TraceContext } from "../protocol/trace-context.ts";

/** What the caller of any request into a server has for its `_meta`. */
export interface CallerMeta {
  /** A proven object (`checkedJsonObject`); absent: none. */
  readonly metaJson?: string | undefined;
  readonly trace?: TraceContext | undefined;
}

/**
 * The caller's members of a request's `_meta`, without the braces; empty: none. The keys that are the manager's are
 * left out: progress tokens are request ids of the attachment. A trace of the headers joins them unless `metaJson`
 * tells one: its state says nothing of another parent. Throws `invalid` when `metaJson` is not an object.
 */
export function callerMeta({ metaJson, trace = {} }: CallerMeta): string {
  const { traceparent, tracestate, baggage } = trace;
  // As of most calls.
  if (metaJson === undefined && traceparent === undefined && baggage === undefined) return "";
  const own = metaJson === undefined ? [] : metaMembers(metaJson).filter(isCallers);
  const names = new Set(own.map(({ name }) => name));
  const hasTrace = names.has("traceparent") || names.has("tracestate");
  const added = {
    ...(hasTrace ? {} : { traceparent, tracestate }),
    ...(names.has("baggage") ? {} : { baggage }),
  };
  const fromHeaders = Object.entries(added).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value: JSON.stringify(value) }],
  );
  return [...own, ...fromHeaders].map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join(",");
}

function isCallers({ name }: JsonMember): boolean {
  return name !== "progressToken" && !name.startsWith("io.modelcontextprotocol/");
}

function metaMembers(metaJson: string): JsonMember[] {
  try {
    return objectMembers(metaJson);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw invalidRequest([{ field: "meta_json", description: `must be a JSON object: ${error.message}` }]);
  }
}
