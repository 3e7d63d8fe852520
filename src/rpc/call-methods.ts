import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ListToolsResponseSchema, type ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ToolSchema } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { waitOf } from "./caller-context.ts";
import { callFromProto, charsOf } from "./convert/call-from-proto.ts";
import { resultToProto } from "./convert/result-to-proto.ts";
import { listingPage } from "./listing-page.ts";
import type { ServiceOptions } from "./service-options.ts";

/** The RPCs into a server. */
export function callMethods({ fleet }: ServiceOptions) {
  return {
    async listTools(request, context) {
      const { items, nextPageToken } = await listingPage(request, {
        fleet,
        context,
        list: (session, options) => session.listTools(options),
        schema: ToolSchema,
        convert: (tool) => create(ToolSchema, tool),
      });
      return create(ListToolsResponseSchema, { tools: items, nextPageToken });
    },

    async callTool(request, context) {
      const { server, resultFormat, ...call } = callFromProto(request);
      return fleet.call(server, {
        ...waitOf(context),
        chars: charsOf(call),
        work: async ({ session, instance }, signal) => {
          const result = resultToProto(await session.callTool(call, { signal }), resultFormat);
          result.instanceId = instance;
          return result;
        },
      });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}
