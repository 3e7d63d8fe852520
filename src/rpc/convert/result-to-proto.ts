import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type CallToolResponse, CallToolResponseSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { type Content as ContentMessage, ContentSchema } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import type { Content, EmbeddedResource } from "../../mcp/features/shared/content.ts";
import { type ToolResult, type TypedResult, typedResult } from "../../mcp/features/tools/tool-result.ts";
import { inputRequiredToProto, jsonResultToProto } from "./input-required-to-proto.ts";
import { textOrBlob } from "./resource-to-proto.ts";

/**
 * The most bytes that a result can have in a response, in any encoding, when its line has at most so many. In JSON
 * a text within a text doubles its quotes; a message of 100,000 values adds some dozen bytes for each.
 */
export function maxResponseBytes(maxLineBytes: number): number {
  return 2 * maxLineBytes + 16 * 1024 * 1024;
}

/**
 * A result in the form that the caller asked for. Throws `protocol` when a result can't be typed, and
 * `too_much` when it has too many parts.
 */
export function resultToProto(result: ToolResult, format: "typed" | "json"): CallToolResponse {
  const { isError } = result;
  if (format === "json") return create(CallToolResponseSchema, { isError, ...jsonResultToProto(result) });
  const typed = typedResult(result);
  return create(CallToolResponseSchema, {
    isError,
    content: typed.content.map(contentToProto),
    structured: structuredToProto(typed.structured),
    ...inputRequiredToProto(result, typed),
  });
}

function structuredToProto(structured: TypedResult["structured"]): CallToolResponse["structured"] {
  if (structured === undefined) return { case: undefined };
  if ("json" in structured) return { case: "structuredContentJson", value: structured.json };
  return { case: "structuredContent", value: fromJson(ValueSchema, structured.value as JsonValue) };
}

export function contentToProto(content: Content): ContentMessage {
  if (content.kind === "json") return create(ContentSchema, { kind: { case: "json", value: content.json } });
  const { annotationsJson, extraJson } = content;
  return create(ContentSchema, { kind: kindToProto(content), annotationsJson, extraJson });
}

function kindToProto(content: Exclude<Content, { kind: "json" }>) {
  switch (content.kind) {
    case "text":
      return { case: "text" as const, value: { text: content.text } };
    case "image":
      return { case: "image" as const, value: { data: content.data, mimeType: content.mimeType } };
    case "audio":
      return { case: "audio" as const, value: { data: content.data, mimeType: content.mimeType } };
    case "resource_link": {
      const { uri, name, title, description, mimeType, sizeBytes } = content;
      const size = sizeBytes === undefined ? {} : { sizeBytes: BigInt(sizeBytes) };
      return { case: "resourceLink" as const, value: { uri, name, title, description, mimeType, ...size } };
    }
    case "embedded_resource":
      return { case: "embeddedResource" as const, value: embeddedResourceToProto(content) };
    default:
      return content satisfies never;
  }
}

function embeddedResourceToProto({ uri, mimeType, contents, resourceExtraJson }: EmbeddedResource) {
  return { uri, mimeType, resourceExtraJson, contents: textOrBlob(contents) };
}
