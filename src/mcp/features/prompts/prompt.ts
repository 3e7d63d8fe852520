import { JsonFields } from "../../../json/json-fields.ts";
import { arrayElements } from "../../../json/json-members.ts";
import { maxNameChars } from "../../protocol/name-limits.ts";
import type { ListKind } from "../shared/list-entries.ts";
import { keyField, readTexts, textField } from "../shared/texts.ts";

/** One entry of a server's listing; `extraJson` is the server's own text, empty when there is none. */
export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  readonly extraJson: string;
}

export interface PromptArgument {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  readonly extraJson: string;
}

export const prompts: ListKind<Prompt> = {
  method: "prompts/list",
  member: "prompts",
  noun: "prompt",
  read: readPrompt,
};

/** Reads one entry. Undefined when it has no usable name: one odd prompt must not fail the listing. */
export function readPrompt(text: string): Prompt | undefined {
  const fields = JsonFields.of(text);
  const name = fields === undefined ? undefined : keyField(fields, "name", maxNameChars);
  if (fields === undefined || !name) return undefined;
  const { values, placed } = readTexts(fields, ["title", "description"]);
  const args = readArguments(fields.raw("arguments"));
  return {
    name,
    ...values,
    arguments: args ?? [],
    extraJson: fields.rest(new Set(["name", ...placed, ...(args === undefined ? [] : ["arguments"])])),
  };
}

/** Undefined when one of them can't be told by its name: the list then goes to the rest as a whole. */
function readArguments(list: string | undefined): PromptArgument[] | undefined {
  if (list === undefined) return [];
  if (!list.startsWith("[")) return undefined;
  const args = arrayElements(list).map(readArgument);
  return args.every((arg) => arg !== undefined) ? args : undefined;
}

function readArgument(text: string): PromptArgument | undefined {
  const fields = JsonFields.of(text);
  const name = fields === undefined ? undefined : textField(fields, "name");
  if (fields === undefined || name === undefined) return undefined;
  const { values, placed } = readTexts(fields, ["title", "description"]);
  const required = fields.raw("required");
  const isFlag = required === "true" || required === "false";
  return {
    name,
    ...values,
    required: required === "true",
    extraJson: fields.rest(new Set(["name", ...placed, ...(isFlag ? ["required"] : [])])),
  };
}
