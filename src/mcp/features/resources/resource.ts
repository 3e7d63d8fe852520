import { JsonFields } from "../../../json/json-fields.ts";
import { maxUriChars } from "../../protocol/name-limits.ts";
import type { ResourceLink } from "../shared/content.ts";
import type { ListKind } from "../shared/list-entries.ts";
import { countField, keyField, readJson, readTexts } from "../shared/texts.ts";

/** One entry of a server's listing; `…Json` is the server's own text, empty when it gave none. */
export interface Resource extends ResourceLink {
  readonly annotationsJson: string;
  readonly extraJson: string;
}

/** One entry of a server's listing of templates. */
export interface ResourceTemplate extends Omit<Resource, "uri" | "sizeBytes"> {
  readonly uriTemplate: string;
}

export const resources: ListKind<Resource> = {
  method: "resources/list",
  member: "resources",
  noun: "resource",
  read: readResource,
};

export const resourceTemplates: ListKind<ResourceTemplate> = {
  method: "resources/templates/list",
  member: "resourceTemplates",
  noun: "resource template",
  read: readResourceTemplate,
};

const textNames = ["name", "title", "description", "mimeType"] as const;

/** Reads one entry. Undefined when it has no usable URI: one odd resource must not fail the listing. */
export function readResource(text: string): Resource | undefined {
  const fields = JsonFields.of(text);
  const uri = fields === undefined ? undefined : keyField(fields, "uri", maxUriChars);
  if (fields === undefined || !uri) return undefined;
  const { values, placed } = readTexts(fields, textNames);
  const json = readJson(fields, ["annotations"]);
  const sizeBytes = countField(fields, "size");
  const size = sizeBytes === undefined ? [] : ["size"];
  return {
    uri,
    ...values,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    annotationsJson: json.values.annotations,
    extraJson: fields.rest(new Set(["uri", ...json.placed, ...placed, ...size])),
  };
}

/** Reads one entry. Undefined when it has no usable template. */
export function readResourceTemplate(text: string): ResourceTemplate | undefined {
  const fields = JsonFields.of(text);
  const uriTemplate = fields === undefined ? undefined : keyField(fields, "uriTemplate", maxUriChars);
  if (fields === undefined || !uriTemplate) return undefined;
  const { values, placed } = readTexts(fields, textNames);
  const json = readJson(fields, ["annotations"]);
  return {
    uriTemplate,
    ...values,
    annotationsJson: json.values.annotations,
    extraJson: fields.rest(new Set(["uriTemplate", ...json.placed, ...placed])),
  };
}
