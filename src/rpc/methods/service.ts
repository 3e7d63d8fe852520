import type { ServiceImpl } from "@connectrpc/connect";
import type { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { callMethods } from "./call-methods.ts";
import { callStreamMethods } from "./call-stream-methods.ts";
import { fleetMethods } from "./fleet-methods.ts";
import { logLevelMethods } from "./log-level-methods.ts";
import { promptMethods } from "./prompt-methods.ts";
import { resourceMethods } from "./resource-methods.ts";
import { secretMethods } from "./secret-methods.ts";
import type { ServiceOptions } from "./service-options.ts";
import { streamMethods } from "./stream-methods.ts";

/** The methods of ManagerService: check, convert, hand on to the fleet, convert back. They throw ManagerError. */
export function managerService(options: ServiceOptions): ServiceImpl<typeof ManagerService> {
  return {
    ...fleetMethods(options),
    ...callMethods(options),
    ...callStreamMethods(options),
    ...resourceMethods(options),
    ...promptMethods(options),
    ...logLevelMethods(options),
    ...secretMethods(options),
    ...streamMethods(options),
  };
}
