import { JsonFields } from "../jsonrpc/json-fields.ts";

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

/** Reads one entry. Undefined when it has no usable name: one odd tool must not fail the listing. */
export function readTool(text: string): Tool | undefined {
  const fields = JsonFields.of(text);
  const name = fields?.string("name");
  if (fields === undefined || name === undefined || name === "" || !name.isWellFormed()) return undefined;
  return {
    name,
    title: fields.string("title")?.toWellFormed() ?? "",
    description: fields.string("description")?.toWellFormed() ?? "",
    inputSchemaJson: fields.raw("inputSchema") ?? "",
    outputSchemaJson: fields.raw("outputSchema") ?? "",
    annotationsJson: fields.raw("annotations") ?? "",
    extraJson: fields.rest(placedFields(fields)),
  };
}

/** A title or description that its place can't hold goes to the rest. */
function placedFields(fields: JsonFields): Set<string> {
  const texts = ["title", "description"].filter((name) => fields.string(name)?.isWellFormed());
  return new Set(["name", "inputSchema", "outputSchema", "annotations", ...texts]);
}
