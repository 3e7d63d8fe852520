import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  LogLevelSchema,
  type ManagerService,
  SetLogLevelResponseSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { setLogLevelRequestSchema } from "../../operations/requests/mcp-request-schema.ts";
import { validate } from "../../operations/requests/validate.ts";
import { waitOf } from "../call/caller-context.ts";
import { enumName } from "../convert/values/enum-name.ts";
import type { ServiceOptions } from "./service-options.ts";

/** The RPC about what servers log. */
export function logLevelMethods({ fleet }: ServiceOptions) {
  return {
    async setLogLevel(request, context) {
      const { server, level } = validate(setLogLevelRequestSchema, {
        server: request.server,
        level: enumName(LogLevelSchema, request.level),
      });
      await fleet.setLogLevel(server, { ...waitOf(context), level });
      return create(SetLogLevelResponseSchema);
    },
  } satisfies Partial<ServiceImpl<typeof ManagerService>>;
}
