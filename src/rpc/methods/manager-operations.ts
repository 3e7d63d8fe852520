import type { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { operations } from "../../operations/operations.ts";
import type { ServiceOperations } from "../call/service-operations.ts";

/** What each RPC of ManagerService is. */
export const managerOperations = {
  start: operations.start,
  stop: operations.stop,
  restart: operations.restart,
  list: operations.list,
  get: operations.get,
  getInfo: operations.getInfo,
  listSecrets: operations.listSecrets,
  listTools: operations.listTools,
  callTool: operations.callTool,
  callToolStream: operations.callToolStream,
  listResources: operations.listResources,
  listResourceTemplates: operations.listResourceTemplates,
  readResource: operations.readResource,
  subscribeResource: operations.subscribeResource,
  listPrompts: operations.listPrompts,
  getPrompt: operations.getPrompt,
  complete: operations.complete,
  setLogLevel: operations.setLogLevel,
  logs: operations.logs,
  watch: operations.watch,
} satisfies ServiceOperations<typeof ManagerService>;
