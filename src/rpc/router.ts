import {
  ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
  type Interceptor,
} from "@connectrpc/connect";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import type { Log } from "../log.ts";
import { hasBegun } from "./call-begun.ts";
import { addMissingDetails } from "./connect-error.ts";
import { maxAnswerBytes } from "./convert/result-to-proto.ts";
import { deadlineInterceptor } from "./deadline-interceptor.ts";
import { errorInterceptor } from "./error-interceptor.ts";
import { healthService } from "./health.ts";
import { requestJson } from "./json-problem.ts";
import { LocalCalls } from "./local-calls.ts";
import { nodeAdapter, type RefuseRpc } from "./node-adapter.ts";
import type { NodeHandler } from "./node-handler.ts";
import { Reflection } from "./reflection.ts";
import { explainJsonError } from "./request-body.ts";
import { callsIntoServer, managerService } from "./service.ts";
import type { ServiceOptions } from "./service-options.ts";

export interface RouterOptions extends ServiceOptions {
  readonly log: Log;
}

/** Serves ManagerService, health and reflection over gRPC, gRPC-Web and Connect; `fallback` answers requests for other paths. */
export function rpcHandler(
  options: RouterOptions,
  { fallback, refuse }: { fallback: NodeHandler; refuse: RefuseRpc },
): NodeHandler {
  const router = createConnectRouter(routerOptions(options));
  routesOf(options)(router);
  return nodeAdapter({ router, fallback, refuse, log: options.log });
}

/** The same service for callers in this process, behind the same interceptors. */
export function localCalls(options: RouterOptions): LocalCalls {
  return new LocalCalls(managerService(options), interceptorsOf(options));
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

function interceptorsOf({ info, log }: RouterOptions): Interceptor[] {
  return [errorInterceptor(log), deadlineInterceptor({ maxCallTimeoutMs: info.maxCallTimeoutMs, callsIntoServer })];
}

function routerOptions(options: RouterOptions): ConnectRouterOptions {
  const { info } = options;
  return {
    interceptors: interceptorsOf(options),
    // Errors from before the interceptors pass the context's signal on their way out, which this gate can watch.
    requestGate: ({ signal, values, method }) => {
      const explain = () => {
        const error: unknown = signal.reason;
        if (error instanceof ConnectError) explainJsonError(error, { values, input: method.input });
        addMissingDetails(error, { begun: hasBegun(values) });
      };
      signal.addEventListener("abort", explain, { once: true });
    },
    readMaxBytes: info.maxRequestBytes,
    // Never reached: a call that the server has answered must not fail by the size of its answer.
    writeMaxBytes: maxAnswerBytes(info.maxLineBytes),
    jsonOptions: requestJson,
    binaryOptions: { recursionLimit: requestJson.recursionLimit },
    // Callers are near; packing costs more than it saves.
    acceptCompression: [],
  };
}
