import { jsonDigest, sha256 } from "../../../json/json-digest.ts";
import { objectMembers } from "../../../json/json-members.ts";
import { JsonSyntaxError } from "../../../json/json-scan.ts";
import { oneLine } from "../../../json/one-line.ts";
import type { ToolCall } from "../../../mcp/features/tools/tool-call.ts";

/** Says who asks, not what for: each try of a call has its own. */
const traceContext = new Set(["traceparent", "tracestate", "baggage"]);

/**
 * What tells one input of a tool from another: everything of the call that reaches the server, but for its trace
 * context. Equal for the same structure with its members in another order, and whether line separators are escaped or
 * not: some encoders of JSON escape them, others do not.
 */
export function callDigest(call: ToolCall): string {
  const { argumentsJson, metaJson, clientCapabilitiesJson, inputResponsesJson, requestState } = call;
  const meta = metaJson === undefined ? undefined : withoutTrace(metaJson);
  const texts = [argumentsJson, meta, clientCapabilitiesJson, inputResponsesJson];
  const digests = texts.map((text) => (text === undefined ? null : jsonDigest(oneLine(text))));
  return sha256(JSON.stringify([...digests, requestState ?? null]));
}

/** Undefined when nothing is left: `_meta` with a trace alone is the same as none. */
function withoutTrace(metaJson: string): string | undefined {
  try {
    const members = objectMembers(metaJson).filter(({ name }) => !traceContext.has(name));
    if (members.length === 0) return undefined;
    return `{${members.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join()}}`;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return metaJson; // Too many members: the call is refused later.
  }
}
