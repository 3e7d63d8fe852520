import type { z } from "zod";
import type { CallToolRequest, CallToolStreamRequest } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormatSchema } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import type { ToolCall } from "../../mcp/features/tools/tool-call.ts";
import type { TraceContext } from "../../mcp/protocol/trace-context.ts";
import { callToolRequestSchema, callToolStreamRequestSchema } from "../../operations/requests/request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { argumentsJson } from "./arguments.ts";
import { inputRequiredFromProto } from "./input-required-from-proto.ts";
import { enumName } from "./values/enum-name.ts";

/** A call as its caller wishes it: the server, the tool, its arguments, and the form of the result. */
export interface WishedCall {
  readonly server: string;
  readonly call: ToolCall;
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

/** `trace`: what the request's headers say of it. Throws `invalid`, naming the field. */
export function callFromProto(request: CallFields, trace: TraceContext): WishedCall {
  return wishedCall(validate(callToolRequestSchema, plainFields(request)), { request, trace });
}

/** As callFromProto. */
export function streamFromProto(request: CallToolStreamRequest, trace: TraceContext): WishedStream {
  const { maxMessageBytes } = request;
  const checked = validate(callToolStreamRequestSchema, { ...plainFields(request), maxMessageBytes });
  return {
    ...wishedCall(checked, { request, trace }),
    maxMessageBytes: maxMessageBytes === 0 ? defaultMessageBytes : maxMessageBytes,
  };
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

function wishedCall(
  checked: z.infer<typeof callToolRequestSchema>,
  { request, trace }: { request: CallFields; trace: TraceContext },
): WishedCall {
  const { server, tool, requestState, resultFormat, idempotencyKey, validateArguments } = checked;
  const { metaJson, clientCapabilitiesJson, inputResponsesJson } = inputRequiredFromProto(request);
  const call: ToolCall = {
    tool,
    argumentsJson: argumentsJson(request.input),
    argumentsField: request.input.case === "argumentsJson" ? "arguments_json" : "arguments",
    metaJson,
    clientCapabilitiesJson,
    inputResponsesJson,
    requestState,
    trace,
  };
  return { server, call, resultFormat, idempotencyKey, validateArguments };
}

/** How many characters of the caller's it keeps in memory while it waits. */
export function callChars(call: Omit<ToolCall, "tool">): number {
  const { argumentsJson, metaJson, clientCapabilitiesJson, inputResponsesJson, requestState, trace } = call;
  const own = lengthOf(argumentsJson) + lengthOf(metaJson) + lengthOf(requestState);
  const asked = lengthOf(clientCapabilitiesJson) + lengthOf(inputResponsesJson);
  return own + asked + lengthOf(trace?.traceparent) + lengthOf(trace?.tracestate) + lengthOf(trace?.baggage);
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : text.length;
}
