import { z } from "zod";
import type { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import {
  completeRequestSchema,
  getPromptRequestSchema,
  readResourceRequestSchema,
  setLogLevelRequestSchema,
  subscribeResourceRequestSchema,
} from "../../src/fleet/mcp-request-schema.ts";
import {
  callToolRequestSchema,
  callToolStreamRequestSchema,
  getRequestSchema,
  listingRequestSchema,
  listRequestSchema,
  logsRequestSchema,
  startRequestSchema,
  stopRequestSchema,
} from "../../src/fleet/request-schema.ts";

const empty = z.strictObject({});

/**
 * The rules of each RPC's request, for those who describe them: the compiler demands one for every RPC. Keys are the
 * domain's: `gracePeriodMs` is the field `grace_period`. Texts that hold JSON, and structures, have their rules where
 * they are read (`jsonrpc/caller-json.ts`).
 */
export const requestRules = {
  start: startRequestSchema,
  stop: stopRequestSchema,
  restart: stopRequestSchema,
  list: listRequestSchema,
  get: getRequestSchema,
  getInfo: empty,
  listTools: listingRequestSchema,
  callTool: callToolRequestSchema,
  callToolStream: callToolStreamRequestSchema,
  listResources: listingRequestSchema,
  listResourceTemplates: listingRequestSchema,
  readResource: readResourceRequestSchema,
  subscribeResource: subscribeResourceRequestSchema,
  listPrompts: listingRequestSchema,
  getPrompt: getPromptRequestSchema,
  complete: completeRequestSchema,
  setLogLevel: setLogLevelRequestSchema,
  logs: logsRequestSchema,
  watch: empty,
} satisfies Record<keyof typeof ManagerService.method, z.ZodObject>;
