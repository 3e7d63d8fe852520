import {
  type InputRequiredRest,
  type InputRequiredResult,
  listField,
  restOf,
  resultFields,
} from "../shared/input-required-result.ts";
import { type ResourceContents, readResourceContents } from "../shared/resource-contents.ts";

export const readResult = "result of resources/read";

/** Contents that their places can't hold without loss are the server's own text. */
export type Contents = ResourceContents | { readonly json: string };

/** What came of reading a resource, with its parts in their places; nothing of it is lost. */
export interface TypedReadResult extends InputRequiredRest {
  readonly contents: readonly Contents[];
}

/** Puts a result's parts in their places. Throws as `listField`. */
export function typedReadResult(result: InputRequiredResult): TypedReadResult {
  const fields = resultFields(result.json, readResult);
  const contents = listField(fields, "contents");
  return {
    contents: contents.elements.map((text) => readResourceContents(text) ?? { json: text }),
    ...restOf(fields, { kind: result.kind, placed: contents.placed }),
  };
}
