import { base64 } from "../../../json/base64.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import { textField } from "./texts.ts";

/** What is in a resource, or in a part of it. */
export interface ResourceContents {
  readonly uri: string;
  readonly mimeType: string;
  readonly contents: { readonly text: string } | { readonly blob: Uint8Array };
  /** The fields that have no place here, as JSON; empty when there are none. */
  readonly extraJson: string;
}

const placedFields = new Set(["uri", "mimeType", "text", "blob"]);

/** Reads contents as the server wrote them. Undefined when the places can't hold them without loss. */
export function readResourceContents(text: string): ResourceContents | undefined {
  const fields = JsonFields.of(text);
  const uri = fields === undefined ? undefined : textField(fields, "uri");
  const mimeType = fields?.raw("mimeType") === undefined ? "" : textField(fields, "mimeType");
  if (fields === undefined || uri === undefined || mimeType === undefined) return undefined;
  if (fields.repeats(placedFields)) return undefined;
  const kind = fields.raw("text") === undefined ? "blob" : "text";
  const contents = contentsOf(fields, kind);
  if (contents === undefined) return undefined;
  return { uri, mimeType, contents, extraJson: fields.rest(new Set(["uri", "mimeType", kind])) };
}

function contentsOf(fields: JsonFields, kind: "text" | "blob"): ResourceContents["contents"] | undefined {
  if (kind === "text") {
    const text = textField(fields, "text");
    return text === undefined ? undefined : { text };
  }
  const blob = base64(fields, "blob");
  return blob === undefined ? undefined : { blob };
}
