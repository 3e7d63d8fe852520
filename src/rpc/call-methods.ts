import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ListToolsResponseSchema, type ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { ToolSchema } from "../../gen/mcpmanager/v1/tool_pb.ts";
import { pageByPosition } from "../fleet/page.ts";
import { listToolsRequestSchema } from "../fleet/request-schema.ts";
import { validate } from "../validate.ts";
import { boundedPage } from "./bounded-page.ts";
import { traceOf, waitOf } from "./caller-context.ts";
import { answerToProto } from "./convert/answer-to-proto.ts";
import { callFromProto, charsOf } from "./convert/call-from-proto.ts";
import type { ServiceOptions } from "./service-options.ts";

const defaultToolsPerPage = 1000;

/** The RPCs into a server. */
export function callMethods({ fleet, toolCalls }: ServiceOptions) {
  return {
    async listTools(request, context) {
      const { server, pageSize, pageToken } = validate(listToolsRequestSchema, {
        server: request.server,
        pageSize: request.pageSize,
        pageToken: request.pageToken,
      });
      const tools = await fleet.call(server, {
        ...waitOf(context),
        work: ({ session }, signal) => session.listTools({ signal }),
      });
      const { items, nextPageToken } = boundedPage({
        pageSize,
        page: (size) => pageByPosition(tools, { pageToken, pageSize: size, defaultSize: defaultToolsPerPage }),
        schema: ToolSchema,
        convert: (tool) => create(ToolSchema, tool),
      });
      return create(ListToolsResponseSchema, { tools: items, nextPageToken });
    },

    async callTool(request, context) {
      const { server, resultFormat, idempotencyKey, validateArguments, ...wished } = callFromProto(request);
      const call = { ...wished, trace: traceOf(context) };
      const wishes = { ...waitOf(context), chars: charsOf(call), idempotencyKey, validateArguments };
      return answerToProto(await toolCalls.call(server, call, wishes), { server, resultFormat });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}
