import type { CallToolRequest, CallToolStreamRequest } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormatSchema } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { callToolRequestSchema, callToolStreamRequestSchema } from "../../fleet/request-schema.ts";
import type { ToolCall } from "../../mcp/tool-call.ts";
import { validate } from "../../validate.ts";
import { argumentsJson } from "./arguments.ts";
import { askedFromProto } from "./asked-from-proto.ts";
import { enumName } from "./enum-name.ts";

/** A call as its caller wishes it: whom to ask, what for, and in which form to answer. */
export interface WishedCall extends ToolCall {
  readonly server: string;
  readonly resultFormat: "typed" | "json";
  readonly idempotencyKey?: string | undefined;
  readonly validateArguments: boolean;
}

/** A call whose caller follows it. */
export interface WishedStream extends WishedCall {
  /** The largest message that the caller takes. */
  readonly maxMessageBytes: number;
}

/** What gRPC clients accept by default. */
const defaultMessageBytes = 4_194_304;

/** The fields that both requests of a call have. */
type CallFields = Omit<CallToolRequest, "$typeName" | "$unknown">;

/** Throws `invalid`, naming the field. */
export function callFromProto(request: CallFields): WishedCall {
  return { ...validate(callToolRequestSchema, plainFields(request)), ...jsonFields(request) };
}

/** Throws `invalid`, naming the field. */
export function streamFromProto(request: CallToolStreamRequest): WishedStream {
  const { maxMessageBytes: bytes } = request;
  const checked = validate(callToolStreamRequestSchema, { ...plainFields(request), maxMessageBytes: bytes });
  return { ...checked, maxMessageBytes: bytes === 0 ? defaultMessageBytes : bytes, ...jsonFields(request) };
}

function plainFields(request: CallFields) {
  return {
    server: request.server,
    tool: request.tool,
    resultFormat: enumName(ResultFormatSchema, request.resultFormat) ?? "typed",
    requestState: request.requestState,
    idempotencyKey: request.idempotencyKey === "" ? undefined : request.idempotencyKey,
    validateArguments: request.validateArguments,
  };
}

function jsonFields(request: CallFields) {
  const asText = request.input.case === "argumentsJson";
  return {
    argumentsJson: argumentsJson(request.input),
    ...(asText ? { argumentsField: "arguments_json" as const } : {}),
    ...askedFromProto(request),
  };
}

/** How many characters of the caller's it keeps in memory while it waits. */
export function charsOf(call: Omit<ToolCall, "tool">): number {
  const { argumentsJson, metaJson, clientCapabilitiesJson, inputResponsesJson, requestState, trace = {} } = call;
  const own = [argumentsJson, metaJson, clientCapabilitiesJson, inputResponsesJson, requestState];
  const texts = [...own, trace.traceparent, trace.tracestate, trace.baggage];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
