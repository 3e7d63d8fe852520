import { base64 } from "../../../json/base64.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import { type ResourceContents, readResourceContents } from "./resource-contents.ts";
import { countField, readJson, textField } from "./texts.ts";

/**
 * One block of a result. A block that its kind can't hold without loss is `json`, the server's own text: of a wrong
 * type, say, or with a member twice.
 */
export type Content =
  | ({ readonly kind: "text"; readonly text: string } & ContentExtras)
  | ({ readonly kind: "image" | "audio"; readonly data: Uint8Array; readonly mimeType: string } & ContentExtras)
  | ({ readonly kind: "resource_link" } & ResourceLink & ContentExtras)
  | ({ readonly kind: "embedded_resource" } & EmbeddedResource & ContentExtras)
  | { readonly kind: "json"; readonly json: string };

/** JSON objects as the server wrote them; empty when there is none. */
export interface ContentExtras {
  readonly annotationsJson: string;
  readonly extraJson: string;
}

export interface ResourceLink {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly sizeBytes?: number;
}

export interface EmbeddedResource extends Omit<ResourceContents, "extraJson"> {
  readonly resourceExtraJson: string;
}

/** Reads one block of `content` as the server wrote it. */
export function readContent(text: string): Content {
  return typedContent(text) ?? { kind: "json", json: text };
}

const linkFields = ["uri", "name", "title", "description", "mimeType"] as const;
const placedFields = new Set(["type", "annotations", "text", "data", "size", "resource", ...linkFields]);

function typedContent(text: string): Content | undefined {
  const fields = JsonFields.of(text);
  if (fields?.repeats(placedFields)) return undefined;
  switch (fields?.string("type")) {
    case "text":
      return textContent(fields);
    case "image":
      return mediaContent(fields, "image");
    case "audio":
      return mediaContent(fields, "audio");
    case "resource_link":
      return resourceLink(fields);
    case "resource":
      return embeddedResource(fields);
    default:
      return undefined;
  }
}

function extras(fields: JsonFields, placed: readonly string[]): ContentExtras {
  const json = readJson(fields, ["annotations"]);
  return {
    annotationsJson: json.values.annotations,
    extraJson: fields.rest(new Set(["type", ...json.placed, ...placed])),
  };
}

function textContent(fields: JsonFields): Content | undefined {
  const text = textField(fields, "text");
  return text === undefined ? undefined : { kind: "text", text, ...extras(fields, ["text"]) };
}

function mediaContent(fields: JsonFields, kind: "image" | "audio"): Content | undefined {
  const data = base64(fields, "data");
  const mimeType = textField(fields, "mimeType");
  if (data === undefined || mimeType === undefined) return undefined;
  return { kind, data, mimeType, ...extras(fields, ["data", "mimeType"]) };
}

function resourceLink(fields: JsonFields): Content | undefined {
  const values = linkFields.map((name) => (fields.raw(name) === undefined ? "" : textField(fields, name)));
  const [uri, name, title, description, mimeType] = values;
  const sizeBytes = countField(fields, "size");
  if (!uri || !name || title === undefined || description === undefined || mimeType === undefined) return undefined;
  if (sizeBytes === undefined && fields.raw("size") !== undefined) return undefined;
  return {
    kind: "resource_link",
    uri,
    name,
    title,
    description,
    mimeType,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...extras(fields, [...linkFields, "size"]),
  };
}

function embeddedResource(fields: JsonFields): Content | undefined {
  const resource = readResourceContents(fields.raw("resource") ?? "");
  if (resource === undefined) return undefined;
  const { extraJson: resourceExtraJson, ...whole } = resource;
  return { kind: "embedded_resource", ...whole, resourceExtraJson, ...extras(fields, ["resource"]) };
}
