import type { ServiceImpl } from "@connectrpc/connect";
import type { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { callMethods } from "./call-methods.ts";
import { callStreamMethods } from "./call-stream-methods.ts";
import { fleetMethods } from "./fleet-methods.ts";
import { logLevelMethods } from "./log-level-methods.ts";
import { promptMethods } from "./prompt-methods.ts";
import { resourceMethods } from "./resource-methods.ts";
import type { ServiceOptions } from "./service-options.ts";
import { streamMethods } from "./stream-methods.ts";

/** The RPCs that call into a server: the manager's maximum deadline applies to them. */
export const callsIntoServer: ReadonlySet<string> = new Set([
  "CallTool",
  "CallToolStream",
  "ListTools",
  "ListResources",
  "ListResourceTemplates",
  "ReadResource",
  "ListPrompts",
  "GetPrompt",
  "Complete",
  "SetLogLevel",
]);

/** The RPCs whose requests go on to a server; SubscribeResource only until the server has taken the subscription. */
export const reachesServer: ReadonlySet<string> = new Set([...callsIntoServer, "SubscribeResource"]);

/** The RPCs that callers may leave unread for as long as they like: what they miss meanwhile is left out, not kept. */
export const mayStayUnread: ReadonlySet<string> = new Set(["Logs", "SubscribeResource", "Watch"]);

/** The methods of ManagerService: check, convert, hand on to the fleet, convert back. They throw ManagerError. */
export function managerService(options: ServiceOptions): ServiceImpl<typeof ManagerService> {
  return {
    ...fleetMethods(options),
    ...callMethods(options),
    ...callStreamMethods(options),
    ...resourceMethods(options),
    ...promptMethods(options),
    ...logLevelMethods(options),
    ...streamMethods(options),
  };
}
