import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  ListResourcesResponseSchema,
  ListResourceTemplatesResponseSchema,
  type ManagerService,
  type SubscribeResourceRequest,
  type SubscribeResourceResponse,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResourceSchema, ResourceTemplateSchema } from "../../../gen/mcpmanager/v1/resource_pb.ts";
import { ResultFormatSchema } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { toManagerError } from "../../base/errors/errors.ts";
import { watchResource } from "../../fleet/watch-resource.ts";
import {
  readResourceRequestSchema,
  subscribeResourceRequestSchema,
} from "../../operations/requests/mcp-request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { traceOf, waitOf } from "../call/caller-context.ts";
import { callChars } from "../convert/call-from-proto.ts";
import { inputRequiredFromProto } from "../convert/input-required-from-proto.ts";
import { readToProto, resourceReadingToProto, resourceToProto } from "../convert/resource-to-proto.ts";
import { enumName } from "../convert/values/enum-name.ts";
import { listingPage } from "./listing-page.ts";
import type { ServiceOptions } from "./service-options.ts";
import { shuttingDown } from "./shutting-down.ts";

/** The RPCs about a server's resources. */
export function resourceMethods(options: ServiceOptions) {
  const { fleet } = options;
  return {
    async listResources(request, context) {
      const { items: resources, ...rest } = await listingPage(request, {
        fleet,
        context,
        list: (session, wait) => session.resources.listing.listed(wait),
        schema: ResourceSchema,
        convert: resourceToProto,
      });
      return create(ListResourcesResponseSchema, { resources, ...rest });
    },

    async listResourceTemplates(request, context) {
      const { items: resourceTemplates, ...rest } = await listingPage(request, {
        fleet,
        context,
        list: ({ resources }, wait) => resources.templates.listed(wait),
        schema: ResourceTemplateSchema,
        convert: (template) => create(ResourceTemplateSchema, template),
      });
      return create(ListResourceTemplatesResponseSchema, { resourceTemplates, ...rest });
    },

    async readResource(request, context) {
      const { server, resultFormat, ...wished } = validate(readResourceRequestSchema, {
        server: request.server,
        uri: request.uri,
        resultFormat: enumName(ResultFormatSchema, request.resultFormat) ?? "typed",
        requestState: request.requestState,
      });
      const read = { ...wished, ...inputRequiredFromProto(request), trace: traceOf(context) };
      return fleet.call(server, {
        ...waitOf(context),
        chars: callChars(read),
        work: async ({ session, instance }, signal) => {
          const result = readToProto(await session.resources.read(read, { signal }), resultFormat);
          result.instanceId = instance;
          return result;
        },
      });
    },

    async *subscribeResource(request, context) {
      yield* subscribe(options, { request, context });
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}

async function* subscribe(
  { fleet, info, now, heartbeatMs, shutdown }: ServiceOptions,
  { request, context }: { request: SubscribeResourceRequest; context: HandlerContext },
): AsyncGenerator<SubscribeResourceResponse> {
  const what = validate(subscribeResourceRequestSchema, { server: request.server, uri: request.uri });
  const signal = AbortSignal.any([context.signal, shutdown]);
  try {
    const options = { ...waitOf(context), signal, heartbeatMs, maxTakeMs: info.maxCallTimeoutMs };
    for await (const reading of watchResource(fleet, what, options)) {
      yield resourceReadingToProto(reading, now);
    }
  } catch (error) {
    if (!shutdown.aborted) throw error;
  }
  if (shutdown.aborted) throw shuttingDown("subscribe again");
  // The subscription was taken, and ends with the stream: nothing is under way any more.
  if (context.signal.aborted) throw toManagerError(context.signal.reason).with({ delivery: "not_sent" });
}
