import { invalidRequest } from "../base/errors/errors.ts";
import { expectEnd, JsonSyntaxError, scanValue } from "./json-scan.ts";
import { spacedOut } from "./one-line.ts";

/** Deepest nesting that a caller's JSON may have. */
export const maxCallerDepth = 128;

/** Most values, containers included, of a caller's JSON outside strings: each is parsed, checked and written. */
export const maxCallerValues = 100_000;

/**
 * Proves that a caller's text is exactly one JSON object, and makes spaces of raw line breaks and tabs, which can only
 * stand between its parts. No value changes. Without the proof `{}}\n{"jsonrpc":…` would smuggle a second request. What
 * else may end a line inside strings is escaped in the outbox. Throws `invalid` with the field and the offset.
 */
export function checkedJsonObject(text: string, field: string): string {
  try {
    if (!text.isWellFormed()) throw new JsonSyntaxError("unpaired surrogate", unpairedSurrogate(text));
    const end = scanValue(text, 0, { maxDepth: maxCallerDepth });
    expectEnd(text, end);
    if (text.trimStart()[0] !== "{") throw new JsonSyntaxError("not an object", 0);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw invalidRequest([{ field, description: `must be the text of one JSON object: ${error.message}` }]);
  }
  return spacedOut(text);
}

function unpairedSurrogate(text: string): number {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text)?.index ?? 0;
}
