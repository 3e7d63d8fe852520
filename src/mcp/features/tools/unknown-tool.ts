import { ManagerError } from "../../../base/errors/errors.ts";
import { detached } from "../../../base/text/detached.ts";
import { truncateUtf8 } from "../../../base/text/truncate.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import { arrayElements } from "../../../json/json-members.ts";
import { notListed, saysAbsent } from "../shared/not-listed.ts";
import type { ToolResult } from "./tool-result.ts";

/** Whoever has no such tool says so in a few words. */
const maxResultChars = 2048;
const maxWordsBytes = 300;

const callable = /\b(?:tool|function|method|command)s?\b/i;

/** What a call came to that may be the server's way to say that it has no such tool. */
export interface UnknownToolSign {
  /** Whether it says so in words; else any failure may be meant. */
  readonly inWords: boolean;
}

/** A failed result is always a sign; any other only by its words and the tool's name. Undefined: it is none. */
export function unknownToolSign(result: ToolResult, tool: string): UnknownToolSign | undefined {
  const { json, isError } = result;
  if (!isError && (json.length > maxResultChars || !json.includes(tool))) return undefined;
  const inWords = json.length <= maxResultChars && saysAbsent(json);
  return isError || (inWords && callable.test(json)) ? { inWords } : undefined;
}

/** Undefined: the error has another reason. */
export function unknownToolErrorSign({ kind, message, details }: ManagerError): UnknownToolSign | undefined {
  if (details.reason !== "SERVER_ERROR" && kind !== "invalid" && kind !== "unsupported") return undefined;
  return { inWords: details.reason !== "SERVER_ERROR" || saysAbsent(message) };
}

/** What a call throws whose tool the server has not; `answer`: the error or the result by which it said so. */
export function unknownTool(tool: string, answer: ManagerError | ToolResult): ManagerError {
  const cause = answer instanceof ManagerError ? answer : undefined;
  const missing = notListed({ noun: "tool", name: tool, seen: "ListTools shows", reason: "TOOL_NOT_FOUND" }, cause);
  if (answer instanceof ManagerError) return missing;
  return new ManagerError(missing.kind, `${missing.message}; it answered: ${wordsOf(answer)}`, {
    details: missing.details,
  });
}

/** The text of a result's first block, or the result. */
function wordsOf({ json }: ToolResult): string {
  const content = JsonFields.of(json)?.raw("content");
  const [first = ""] = content?.startsWith("[") ? arrayElements(content) : [];
  const text = JsonFields.of(first)?.string("text")?.toWellFormed() ?? json;
  return detached(truncateUtf8(text, { maxBytes: maxWordsBytes, keep: "start" }));
}
