import { create } from "@bufbuild/protobuf";
import {
  type CompleteResponse,
  CompleteResponseSchema,
  type GetPromptResponse,
  GetPromptResponseSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import {
  PromptArgumentSchema,
  PromptMessageSchema,
  type Prompt as PromptProto,
  PromptSchema,
} from "../../../gen/mcpmanager/v1/prompt_pb.ts";
import type { Completion } from "../../mcp/features/completion.ts";
import type { Prompt } from "../../mcp/features/prompts/prompt.ts";
import { type PromptMessage, typedPrompt } from "../../mcp/features/prompts/prompt-result.ts";
import type { InputRequiredResult } from "../../mcp/features/shared/input-required-result.ts";
import { inputRequiredToProto, jsonResultToProto } from "./input-required-to-proto.ts";
import { contentToProto } from "./result-to-proto.ts";

export function promptToProto(prompt: Prompt): PromptProto {
  const args = prompt.arguments.map((argument) => create(PromptArgumentSchema, argument));
  return create(PromptSchema, { ...prompt, arguments: args });
}

/** A filled-in prompt in the form that the caller asked for. Throws what `typedPrompt` throws. */
export function filledPromptToProto(result: InputRequiredResult, format: "typed" | "json"): GetPromptResponse {
  if (format === "json") return create(GetPromptResponseSchema, jsonResultToProto(result));
  const typed = typedPrompt(result);
  return create(GetPromptResponseSchema, {
    description: typed.description,
    messages: typed.messages.map(messageToProto),
    ...inputRequiredToProto(result, typed),
  });
}

function messageToProto(message: PromptMessage) {
  if ("json" in message) return create(PromptMessageSchema, { json: message.json });
  const { role, content, extraJson } = message;
  return create(PromptMessageSchema, { role, content: contentToProto(content), extraJson });
}

export function completionToProto(completion: Completion): CompleteResponse {
  const { values, total, hasMore, completionExtraJson, extraJson } = completion;
  return create(CompleteResponseSchema, {
    values: [...values],
    ...(total === undefined ? {} : { total: BigInt(total) }),
    hasMore,
    completionExtraJson,
    extraJson,
  });
}
