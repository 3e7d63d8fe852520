import { JsonFields } from "../jsonrpc/json-fields.ts";

/**
 * One block of a result. A block that its kind can't hold without loss is `json`, the server's own text: of a wrong type,
 * say, or with a member twice.
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

export interface EmbeddedResource {
  readonly uri: string;
  readonly mimeType: string;
  readonly contents: { readonly text: string } | { readonly blob: Uint8Array };
  readonly resourceExtraJson: string;
}

/** Reads one block of `content` as the server wrote it. */
export function readContent(text: string): Content {
  return typedContent(text) ?? { kind: "json", json: text };
}

const linkFields = ["uri", "name", "title", "description", "mimeType"] as const;
const placedFields = new Set(["type", "annotations", "text", "data", "size", "resource", ...linkFields]);
const resourceFields = new Set(["uri", "mimeType", "text", "blob"]);

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
  return {
    annotationsJson: fields.raw("annotations") ?? "",
    extraJson: fields.rest(new Set(["type", "annotations", ...placed])),
  };
}

function textContent(fields: JsonFields): Content | undefined {
  const text = wellFormed(fields, "text");
  return text === undefined ? undefined : { kind: "text", text, ...extras(fields, ["text"]) };
}

function mediaContent(fields: JsonFields, kind: "image" | "audio"): Content | undefined {
  const data = base64(fields, "data");
  const mimeType = wellFormed(fields, "mimeType");
  if (data === undefined || mimeType === undefined) return undefined;
  return { kind, data, mimeType, ...extras(fields, ["data", "mimeType"]) };
}

function resourceLink(fields: JsonFields): Content | undefined {
  const values = linkFields.map((name) => (fields.raw(name) === undefined ? "" : wellFormed(fields, name)));
  const [uri, name, title, description, mimeType] = values;
  const size = fields.raw("size");
  if (!uri || !name || title === undefined || description === undefined || mimeType === undefined) return undefined;
  if (size !== undefined && !/^[0-9]{1,15}$/.test(size)) return undefined;
  return {
    kind: "resource_link",
    uri,
    name,
    title,
    description,
    mimeType,
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
    ...extras(fields, [...linkFields, "size"]),
  };
}

function embeddedResource(fields: JsonFields): Content | undefined {
  const resource = JsonFields.of(fields.raw("resource") ?? "");
  const uri = resource === undefined ? undefined : wellFormed(resource, "uri");
  const mimeType = resource?.raw("mimeType") === undefined ? "" : wellFormed(resource, "mimeType");
  if (resource === undefined || uri === undefined || mimeType === undefined) return undefined;
  if (resource.repeats(resourceFields)) return undefined;
  const kind = resource.raw("text") === undefined ? "blob" : "text";
  const blob = kind === "blob" ? base64(resource, "blob") : undefined;
  const text = kind === "text" ? wellFormed(resource, "text") : undefined;
  const contents = blob !== undefined ? { blob } : text !== undefined ? { text } : undefined;
  if (contents === undefined) return undefined;
  return {
    kind: "embedded_resource",
    uri,
    mimeType,
    contents,
    resourceExtraJson: resource.rest(new Set(["uri", "mimeType", kind])),
    ...extras(fields, ["resource"]),
  };
}

/** A string that protobuf can carry: UTF-8 has no unpaired surrogates. */
function wellFormed(fields: JsonFields, name: string): string | undefined {
  const value = fields.string(name);
  return value?.isWellFormed() ? value : undefined;
}

/** Undefined for what is no base64, and for what bytes can't give back: bits beyond the last byte. */
function base64(fields: JsonFields, name: string): Uint8Array | undefined {
  const value = fields.string(name);
  if (value === undefined) return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}
