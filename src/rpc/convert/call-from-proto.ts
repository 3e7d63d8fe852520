import type { CallToolRequest } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormatSchema } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { callToolRequestSchema } from "../../fleet/request-schema.ts";
import type { ToolCall } from "../../mcp/tool-call.ts";
import { validate } from "../../validate.ts";
import { argumentsJson } from "./arguments.ts";
import { askedFromProto } from "./asked-from-proto.ts";
import { enumName } from "./enum-name.ts";

/** A call as its caller wishes it: whom to ask, what for, and in which form to answer. */
export interface WishedCall extends ToolCall {
  readonly server: string;
  readonly resultFormat: "typed" | "json";
}

/** Throws `invalid`, naming the field. */
export function callFromProto(request: CallToolRequest): WishedCall {
  const checked = validate(callToolRequestSchema, {
    server: request.server,
    tool: request.tool,
    resultFormat: enumName(ResultFormatSchema, request.resultFormat) ?? "typed",
    requestState: request.requestState,
  });
  return {
    ...checked,
    argumentsJson: argumentsJson(request.input),
    ...askedFromProto(request),
  };
}

/** How many characters of the caller's it keeps in memory while it waits. */
export function charsOf(call: Omit<ToolCall, "tool">): number {
  const { argumentsJson, metaJson, clientCapabilitiesJson, inputResponsesJson, requestState } = call;
  const texts = [argumentsJson, metaJson, clientCapabilitiesJson, inputResponsesJson, requestState];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
