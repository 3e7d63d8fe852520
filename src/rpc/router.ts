import type { ConnectRouter } from "@connectrpc/connect";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import type { Log } from "../log.ts";
import { LocalCalls } from "./call/local-calls.ts";
import { maxAnswerBytes } from "./convert/result-to-proto.ts";
import { healthService } from "./health.ts";
import { callsIntoServer, managerService, mayStayUnread, reachesServer } from "./methods/service.ts";
import type { ServiceOptions } from "./methods/service-options.ts";
import type { RefuseRpc } from "./node-adapter.ts";
import { Reflection } from "./reflection.ts";
import { interceptorsOf, type Served, type ServingOptions, serveRoutes } from "./serve-routes.ts";
import type { NodeHandler } from "./wire/node-handler.ts";
import type { UnreadAnswers } from "./wire/unread-answers.ts";

export interface RouterOptions extends ServiceOptions {
  readonly log: Log;
  readonly unread: UnreadAnswers;
  readonly lean: boolean;
}

/** Serves ManagerService, health and reflection over gRPC, gRPC-Web and Connect; `fallback` answers requests for other paths. */
export function rpcHandler(
  options: RouterOptions,
  { fallback, refuse }: { fallback: NodeHandler; refuse: RefuseRpc },
): Served {
  return serveRoutes(routesOf(options), { ...servingOptions(options), fallback, refuse });
}

/** The same service for callers in this process, behind the same interceptors. */
export function localCalls(options: RouterOptions): LocalCalls {
  return new LocalCalls(managerService(options), interceptorsOf(servingOptions(options)));
}

function routesOf(options: RouterOptions): (router: ConnectRouter) => void {
  const reflection = new Reflection([ManagerService, Health, ServerReflection, ServerReflectionAlpha]);
  return (router) => {
    router.service(ManagerService, managerService(options));
    router.service(Health, healthService(options));
    router.service(ServerReflection, { serverReflectionInfo: (requests) => reflection.answer(requests) });
    router.service(ServerReflectionAlpha, { serverReflectionInfo: (requests) => reflection.answerAlpha(requests) });
  };
}

function servingOptions({ info, log, unread, lean }: RouterOptions): ServingOptions {
  const { maxRequestBytes, maxCallTimeoutMs } = info;
  // Never reached: a call that the server has answered must not fail by the size of its answer.
  const limits = { maxRequestBytes, maxAnswerBytes: maxAnswerBytes(info.maxLineBytes), maxCallTimeoutMs };
  return { log, unread, lean, ...limits, callsIntoServer, reachesServer, mayStayUnread };
}
