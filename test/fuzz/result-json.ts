import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { CallToolResponse } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { type Content, type EmbeddedResource, type ResourceLink, ResultKind } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { type JsonTree, jsonTree } from "./json-tree.ts";

/** The server's result, from what a caller got in the typed form. */
export function resultJson(response: CallToolResponse): string {
  const { content, structured, isError, resultKind, extraJson, inputRequestsJson, requestState } = response;
  return objectJson(
    [
      ["content", `[${content.map(blockJson).join(",")}]`],
      ["structuredContent", structuredJson(structured)],
      ["isError", isError ? "true" : undefined],
      ["resultType", resultKind === ResultKind.INPUT_REQUIRED ? '"input_required"' : undefined],
      ["inputRequests", inputRequestsJson === "" ? undefined : inputRequestsJson],
      ["requestState", requestState === undefined ? undefined : JSON.stringify(requestState)],
    ],
    extraJson,
  );
}

/** In its place, a default is the same as nothing: see `plain`. */
function objectJson(members: readonly (readonly [string, string | undefined])[], extraJson: string): string {
  const given = members.filter(([, value]) => value !== undefined).map(([name, value]) => `"${name}":${value}`);
  const extra = extraJson === "" ? "" : extraJson.slice(1, -1);
  return `{${[...given, ...(extra === "" ? [] : [extra])].join(",")}}`;
}

function structuredJson(structured: CallToolResponse["structured"]): string | undefined {
  if (structured.case === undefined) return undefined;
  if (structured.case === "structuredContentJson") return structured.value;
  return JSON.stringify(toJson(ValueSchema, structured.value));
}

function blockJson({ kind, annotationsJson, extraJson }: Content): string {
  if (kind.case === undefined) throw new Error("a block without a kind");
  if (kind.case === "json") return kind.value;
  const annotations = ["annotations", annotationsJson === "" ? undefined : annotationsJson] as const;
  return objectJson([...placed(kind), annotations], extraJson);
}

type Members = readonly (readonly [string, string | undefined])[];

function placed(kind: Exclude<Content["kind"], { case: "json" } | { case: undefined }>): Members {
  switch (kind.case) {
    case "text":
      return [
        ["type", '"text"'],
        ["text", JSON.stringify(kind.value.text)],
      ];
    case "image":
    case "audio":
      return [
        ["type", JSON.stringify(kind.case)],
        ["data", base64(kind.value.data)],
        ["mimeType", JSON.stringify(kind.value.mimeType)],
      ];
    case "resourceLink":
      return linkMembers(kind.value);
    case "embeddedResource":
      return [
        ["type", '"resource"'],
        ["resource", resourceJson(kind.value)],
      ];
    default:
      return kind satisfies never;
  }
}

function linkMembers({ uri, name, title, description, mimeType, sizeBytes }: ResourceLink): Members {
  const texts = Object.entries({ uri, name, title, description, mimeType });
  return [
    ["type", '"resource_link"'],
    ...texts.map(([field, text]) => [field, optional(text)] as const),
    ["size", sizeBytes?.toString()],
  ];
}

function resourceJson({ uri, mimeType, contents, resourceExtraJson }: EmbeddedResource): string {
  return objectJson(
    [
      ["uri", JSON.stringify(uri)],
      ["mimeType", optional(mimeType)],
      ["text", contents.case === "text" ? JSON.stringify(contents.value) : undefined],
      ["blob", contents.case === "blob" ? base64(contents.value) : undefined],
    ],
    resourceExtraJson,
  );
}

function optional(text: string): string | undefined {
  return text === "" ? undefined : JSON.stringify(text);
}

function base64(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString("base64"));
}

type Fields = readonly (readonly [string, JsonTree])[];

/**
 * A result without what the typed form leaves out because it says nothing: null, `isError` false, the kind "complete",
 * an empty `content`, and empty texts of a link or a resource that may be missing.
 */
export function plainResult(text: string): JsonTree {
  const given = jsonTree(text);
  const tree = given === "null" ? { object: [] } : given;
  if (!isObject(tree)) return tree;
  const silent: Fields = [
    ["isError", "false"],
    ["resultType", '"complete"'],
  ];
  const content = new Map(tree.object).get("content") ?? [];
  const others = without(tree.object, silent).filter(([name]) => name !== "content");
  return { object: [...others, ["content", Array.isArray(content) ? content.map(plainBlock) : content]] };
}

function plainBlock(block: JsonTree): JsonTree {
  if (!isObject(block)) return block;
  const fields = new Map(block.object);
  const resource = fields.get("resource");
  switch (fields.get("type")) {
    case '"resource_link"':
      return {
        object: without(
          block.object,
          ["title", "description", "mimeType"].map((name) => [name, '""'] as const),
        ),
      };
    case '"resource"':
      if (!isObject(resource)) return block;
      return { object: replaced(block.object, "resource", () => plainResource(resource.object)) };
    default:
      return block;
  }
}

function plainResource(fields: Fields): JsonTree {
  return { object: without(fields, [["mimeType", '""']]) };
}

function replaced(fields: Fields, name: string, change: (tree: JsonTree) => JsonTree): Fields {
  return fields.map(([field, tree]) => [field, field === name ? change(tree) : tree] as const);
}

function without(fields: Fields, silent: Fields): Fields {
  return fields.filter(([name, value]) => !silent.some(([field, text]) => field === name && text === value));
}

function isObject(tree: JsonTree | undefined): tree is { readonly object: Fields } {
  return typeof tree === "object" && "object" in tree;
}
