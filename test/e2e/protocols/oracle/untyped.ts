import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { CallToolResponse } from "../../../../gen/mcpmanager/v1/manager_pb.ts";
import type { Prompt } from "../../../../gen/mcpmanager/v1/prompt_pb.ts";
import type { Resource, ResourceTemplate } from "../../../../gen/mcpmanager/v1/resource_pb.ts";
import { type Content, ResultKind, type Tool } from "../../../../gen/mcpmanager/v1/tool_pb.ts";
import { parseExact } from "./exact-json.ts";

/** What a result's absent fields mean; the typed form does not tell them from those that say it. */
export const absentFields = { content: [], isError: false, resultType: "complete" };

/** A typed result put back together as the MCP object that it was, with `absentFields` in it. */
export function untypedResult(response: CallToolResponse): Record<string, unknown> {
  const { structured, resultKind, isError } = response;
  return {
    content: response.content.map(untypedContent),
    ...(structured.case === "structuredContent" && { structuredContent: toJson(ValueSchema, structured.value) }),
    ...(structured.case === "structuredContentJson" && { structuredContent: parseExact(structured.value) }),
    isError,
    resultType: resultKind === ResultKind.INPUT_REQUIRED ? "input_required" : "complete",
    ...fields(response.extraJson),
  };
}

/** A listed tool put back together. */
export function untypedTool(tool: Tool): Record<string, unknown> {
  return {
    ...given({ name: tool.name, title: tool.title, description: tool.description }),
    ...json({
      inputSchema: tool.inputSchemaJson,
      outputSchema: tool.outputSchemaJson,
      annotations: tool.annotationsJson,
    }),
    ...fields(tool.extraJson),
  };
}

/** A listed resource put back together. */
export function untypedResource({ uri, sizeBytes, ...about }: Resource): Record<string, unknown> {
  return { uri, ...untypedAbout(about), ...(sizeBytes === undefined ? {} : { size: Number(sizeBytes) }) };
}

/** A listed template put back together. */
export function untypedTemplate({ uriTemplate, ...about }: ResourceTemplate): Record<string, unknown> {
  return { uriTemplate, ...untypedAbout(about) };
}

/** A listed prompt put back together. */
export function untypedPrompt({
  name,
  title,
  description,
  arguments: args,
  extraJson,
}: Prompt): Record<string, unknown> {
  const untyped = args.map((argument) => ({
    ...given({ name: argument.name, title: argument.title, description: argument.description }),
    required: argument.required,
    ...fields(argument.extraJson),
  }));
  const someArguments = args.length === 0 ? {} : { arguments: untyped };
  return { ...given({ name, title, description }), ...someArguments, ...fields(extraJson) };
}

type About = Pick<Resource, "name" | "title" | "description" | "mimeType" | "annotationsJson" | "extraJson">;

function untypedAbout({ name, title, description, mimeType, annotationsJson, extraJson }: About) {
  const texts = given({ name, title, description, mimeType });
  return { ...texts, ...json({ annotations: annotationsJson }), ...fields(extraJson) };
}

function untypedContent({ kind, annotationsJson, extraJson }: Content): unknown {
  const more = { ...json({ annotations: annotationsJson }), ...fields(extraJson) };
  switch (kind.case) {
    case "json":
      return parseExact(kind.value);
    case "text":
      return { type: "text", text: kind.value.text, ...more };
    case "image":
    case "audio":
      return { type: kind.case, data: base64(kind.value.data), mimeType: kind.value.mimeType, ...more };
    case "resourceLink": {
      const { uri, name, title, description, mimeType, sizeBytes } = kind.value;
      const size = sizeBytes === undefined ? {} : { size: Number(sizeBytes) };
      return { type: "resource_link", uri, name, ...given({ title, description, mimeType }), ...size, ...more };
    }
    case "embeddedResource": {
      const { uri, mimeType, contents, resourceExtraJson } = kind.value;
      const inner = contents.case === "blob" ? { blob: base64(contents.value) } : { text: contents.value };
      const resource = { uri, ...given({ mimeType }), ...inner, ...fields(resourceExtraJson) };
      return { type: "resource", resource, ...more };
    }
    default:
      throw new Error("a block without a kind");
  }
}

/** Of a string field, empty means that it was not given. */
function given(strings: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(strings).filter(([, value]) => value !== ""));
}

function json(texts: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given(texts)).map(([name, text]) => [name, parseExact(text)]));
}

function fields(text: string): Record<string, unknown> {
  return text === "" ? {} : (parseExact(text) as Record<string, unknown>);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
