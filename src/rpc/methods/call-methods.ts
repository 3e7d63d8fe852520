import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ListToolsResponseSchema, type ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ToolSchema } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { traceOf, waitOf } from "../call/caller-context.ts";
import { callChars, callFromProto } from "../convert/call-from-proto.ts";
import { callToProto } from "../convert/call-to-proto.ts";
import { listingPage } from "./listing-page.ts";
import type { ServiceOptions } from "./service-options.ts";

/** The RPCs into a server. */
export function callMethods({ fleet, toolCalls }: ServiceOptions) {
  return {
    async listTools(request, context) {
      const { items: tools, ...rest } = await listingPage(request, {
        fleet,
        context,
        list: (session, options) => session.tools.listed(options),
        schema: ToolSchema,
        convert: (tool) => create(ToolSchema, tool),
      });
      return create(ListToolsResponseSchema, { tools, ...rest });
    },

    async callTool(request, context) {
      const wished = callFromProto(request, traceOf(context));
      const { server, call, resultFormat, idempotencyKey, validateArguments } = wished;
      const wishes = { ...waitOf(context), chars: callChars(call), idempotencyKey, validateArguments };
      return callToProto(await toolCalls.call(server, call, wishes), { server, resultFormat });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}
