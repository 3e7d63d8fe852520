import { JsonFields } from "../../../json/json-fields.ts";
import { maxNameChars } from "../../protocol/name-limits.ts";
import type { ListKind } from "../shared/list-entries.ts";
import { keyField, readJson, readTexts } from "../shared/texts.ts";

/** One entry of a server's listing; `…Json` is the server's own text, empty when it gave none. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchemaJson: string;
  readonly outputSchemaJson: string;
  readonly annotationsJson: string;
  readonly extraJson: string;
}

export const tools: ListKind<Tool> = { method: "tools/list", member: "tools", noun: "tool", read: readTool };

/** Reads one entry. Undefined when it has no usable name: one odd tool must not fail the listing. */
export function readTool(text: string): Tool | undefined {
  const fields = JsonFields.of(text);
  const name = fields === undefined ? undefined : keyField(fields, "name", maxNameChars);
  if (fields === undefined || !name) return undefined;
  const { values, placed } = readTexts(fields, ["title", "description"]);
  const json = readJson(fields, ["inputSchema", "outputSchema", "annotations"]);
  return {
    name,
    ...values,
    inputSchemaJson: json.values.inputSchema,
    outputSchemaJson: json.values.outputSchema,
    annotationsJson: json.values.annotations,
    extraJson: fields.rest(new Set(["name", ...json.placed, ...placed])),
  };
}
