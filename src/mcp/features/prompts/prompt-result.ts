import { JsonFields } from "../../../json/json-fields.ts";
import { type Content, readContent } from "../shared/content.ts";
import {
  type InputRequiredRest,
  type InputRequiredResult,
  listField,
  restOf,
  resultFields,
} from "../shared/input-required-result.ts";
import { readTexts, textField } from "../shared/texts.ts";

export const promptResult = "result of prompts/get";

/** A filled-in prompt with its parts in their places; nothing of it is lost. */
export interface TypedPrompt extends InputRequiredRest {
  readonly description: string;
  readonly messages: readonly PromptMessage[];
}

/** One message; one that the places can't hold without loss is the server's own text. */
export type PromptMessage =
  | { readonly role: string; readonly content: Content; readonly extraJson: string }
  | { readonly json: string };

/** Puts a result's parts in their places. Throws as `listField`. */
export function typedPrompt(result: InputRequiredResult): TypedPrompt {
  const fields = resultFields(result.json, promptResult);
  const { values, placed } = readTexts(fields, ["description"]);
  const messages = listField(fields, "messages");
  return {
    ...values,
    messages: messages.elements.map(readMessage),
    ...restOf(fields, { kind: result.kind, placed: [...messages.placed, ...placed] }),
  };
}

function readMessage(text: string): PromptMessage {
  const fields = JsonFields.of(text);
  const role = fields === undefined ? undefined : textField(fields, "role");
  const content = fields?.raw("content");
  if (fields === undefined || !role || content === undefined) return { json: text };
  return { role, content: readContent(content), extraJson: fields.rest(new Set(["role", "content"])) };
}
