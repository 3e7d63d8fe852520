import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type CompleteRequest,
  ListPromptsResponseSchema,
  type ManagerService,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { PromptSchema } from "../../../gen/mcpmanager/v1/prompt_pb.ts";
import { ResultFormatSchema } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { completeRequestSchema, getPromptRequestSchema } from "../../operations/requests/mcp-request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { traceOf, waitOf } from "../call/caller-context.ts";
import { callChars } from "../convert/call-from-proto.ts";
import { inputRequiredFromProto } from "../convert/input-required-from-proto.ts";
import { completionToProto, filledPromptToProto, promptToProto } from "../convert/prompt-to-proto.ts";
import { enumName } from "../convert/values/enum-name.ts";
import { listingPage } from "./listing-page.ts";
import type { ServiceOptions } from "./service-options.ts";

/** The RPCs about a server's prompts, and what may fill them in. */
export function promptMethods({ fleet }: ServiceOptions) {
  return {
    async listPrompts(request, context) {
      const { items: prompts, ...rest } = await listingPage(request, {
        fleet,
        context,
        list: (session, wait) => session.prompts.listing.listed(wait),
        schema: PromptSchema,
        convert: promptToProto,
      });
      return create(ListPromptsResponseSchema, { prompts, ...rest });
    },

    async getPrompt(request, context) {
      const { server, resultFormat, ...wished } = validate(getPromptRequestSchema, {
        server: request.server,
        prompt: request.prompt,
        arguments: request.arguments,
        resultFormat: enumName(ResultFormatSchema, request.resultFormat) ?? "typed",
        requestState: request.requestState,
      });
      const prompt = { ...wished, ...inputRequiredFromProto(request), trace: traceOf(context) };
      return fleet.call(server, {
        ...waitOf(context),
        chars: callChars(prompt) + charsOfMap(prompt.arguments),
        work: async ({ session, instance }, signal) => {
          const result = filledPromptToProto(await session.prompts.get(prompt, { signal }), resultFormat);
          result.instanceId = instance;
          return result;
        },
      });
    },

    async complete(request, context) {
      const { server, ...wished } = wishedCompletion(request);
      return fleet.call(server, {
        ...waitOf(context),
        chars: wished.argumentValue.length + charsOfMap(wished.contextArguments),
        work: async ({ session, instance }, signal) => {
          const result = completionToProto(await session.complete(wished, { signal, trace: traceOf(context) }));
          result.instanceId = instance;
          return result;
        },
      });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

function wishedCompletion({ server, ref, argumentName, argumentValue, contextArguments }: CompleteRequest) {
  const about = ref.case === undefined ? {} : { [ref.case]: ref.value };
  const checked = validate(completeRequestSchema, { server, ...about, argumentName, argumentValue, contextArguments });
  const { prompt, resourceTemplate = "", ...rest } = checked;
  return { ...rest, ref: prompt === undefined ? { resourceTemplate } : { prompt } };
}

function charsOfMap(map: Readonly<Record<string, string>>): number {
  return Object.entries(map).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}
