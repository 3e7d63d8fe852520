import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import type { Log } from "../base/log/log.ts";
import type { Authorize } from "../operations/authorize.ts";
import type { OpenCall } from "../operations/call-context.ts";
import type { TransferBudget } from "../server/responses/transfer-budget.ts";
import { LocalCalls } from "./call/local-calls.ts";
import { operationsOf, type ServedService, served } from "./call/service-operations.ts";
import { maxResponseBytes } from "./convert/result-to-proto.ts";
import { healthOperations, healthService } from "./health.ts";
import { managerOperations } from "./methods/manager-operations.ts";
import { managerService } from "./methods/service.ts";
import type { ServiceOptions } from "./methods/service-options.ts";
import type { RefuseRpc } from "./node-adapter.ts";
import { Reflection, reflectionAlphaOperations, reflectionOperations } from "./reflection.ts";
import { interceptorsOf, type ServedRoutes, type ServingOptions, serveRoutes } from "./serve-routes.ts";

export interface RouterOptions extends ServiceOptions {
  readonly log: Log;
  readonly budget: TransferBudget;
  readonly openCall: OpenCall;
  readonly authorize: Authorize;
  readonly fastPath: boolean;
}

/** Serves ManagerService, health and reflection over gRPC, gRPC-Web and Connect. */
export function rpcRoutes(options: RouterOptions, { refuse }: { readonly refuse: RefuseRpc }): ServedRoutes {
  return serveRoutes(servicesOf(options), { ...servingOptions(options), refuse });
}

/** The same service for callers in this process, behind the same interceptors. */
export function localCalls(options: RouterOptions): LocalCalls {
  const service = managerOf(options);
  const operationOf = operationsOf([service]);
  const interceptors = interceptorsOf({ ...servingOptions(options), operationOf });
  return new LocalCalls(service.implementation, { interceptors, operationOf, openCall: options.openCall });
}

function managerOf(options: ServiceOptions): ServedService<typeof ManagerService> {
  return { service: ManagerService, implementation: managerService(options), operations: managerOperations };
}

function servicesOf(options: RouterOptions): ServedService[] {
  const reflection = new Reflection([ManagerService, Health, ServerReflection, ServerReflectionAlpha]);
  return [
    served(managerOf(options)),
    served({ service: Health, implementation: healthService(options), operations: healthOperations }),
    served({
      service: ServerReflection,
      implementation: { serverReflectionInfo: (requests) => reflection.respond(requests) },
      operations: reflectionOperations,
    }),
    served({
      service: ServerReflectionAlpha,
      implementation: { serverReflectionInfo: (requests) => reflection.respondAlpha(requests) },
      operations: reflectionAlphaOperations,
    }),
  ];
}

function servingOptions({ info, log, budget, openCall, authorize, fastPath }: RouterOptions): ServingOptions {
  const { maxRequestBytes, maxCallTimeoutMs } = info;
  // Never reached: a call that the server has answered must not fail by the size of its response.
  const limits = { maxRequestBytes, maxResponseBytes: maxResponseBytes(info.maxLineBytes), maxCallTimeoutMs };
  return { log, budget, openCall, authorize, fastPath: fastPath, ...limits };
}
