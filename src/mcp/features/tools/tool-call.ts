import { type EraCodec, joinMembers } from "../../eras/era-codec.ts";
import { type InputRequiredRequest, inputRequiredParams } from "../shared/input-required-params.ts";

/** One call of a tool. The JSON texts are proven objects (`checkedJsonObject`). */
export interface ToolCall extends InputRequiredRequest {
  readonly tool: string;
  readonly argumentsJson?: string | undefined;
  /** The field of the request that the arguments came in. Default: `arguments`. */
  readonly argumentsField?: "arguments" | "arguments_json";
}

export interface ToolCallParamsOptions {
  readonly codec: EraCodec;
  /** Asks the server to report progress, by this token. */
  readonly progressToken?: number | undefined;
}

/** The params of `tools/call` as JSON text. Throws what `inputRequiredParams` throws. */
export function toolCallParams(call: ToolCall, options: ToolCallParamsOptions): string {
  const { tool, argumentsJson, argumentsField: field = "arguments" } = call;
  const members = joinMembers(
    `"name":${JSON.stringify(tool)}`,
    argumentsJson === undefined ? "" : `"arguments":${argumentsJson}`,
  );
  return inputRequiredParams(call, { ...options, members, field });
}
