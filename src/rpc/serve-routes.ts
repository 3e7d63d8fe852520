import { ConnectError, type ConnectRouterOptions, createConnectRouter, type Interceptor } from "@connectrpc/connect";
import type { OpenCall } from "../operations/call-context.ts";
import type { Mount, StreamHandler } from "../server/handlers/node-handler.ts";
import type { TransferBudget } from "../server/responses/transfer-budget.ts";
import { requestBinary } from "./bounds/request-fields.ts";
import { type AuthorizeOptions, authorizeInterceptor } from "./call/authorize-interceptor.ts";
import { hasBegun } from "./call/call-begun.ts";
import { type DeadlineOptions, deadlineInterceptor } from "./call/deadline-interceptor.ts";
import { type ErrorOptions, errorInterceptor } from "./call/error-interceptor.ts";
import { rpcMethods } from "./call/rpc-methods.ts";
import { operationsOf, type ServedService } from "./call/service-operations.ts";
import { addMissingDetails } from "./errors/connect-error.ts";
import { connectFastPath } from "./fast-path/connect-fast-path.ts";
import { grpcFastPath } from "./fast-path/grpc/grpc-fast-path.ts";
import { requestJson } from "./json/json-problem.ts";
import { explainJsonError } from "./json/request-body.ts";
import { nodeAdapter, type RefuseRpc } from "./node-adapter.ts";

type CheckOptions = DeadlineOptions & ErrorOptions & AuthorizeOptions;

/** What holds for every RPC, whichever services there are. */
export interface ServingOptions extends Omit<CheckOptions, "operationOf"> {
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly budget: TransferBudget;
  readonly openCall: OpenCall;
  /**
   * Whether unary gRPC and unary Connect with JSON take the fast path; otherwise the RPC library answers everything.
   */
  readonly fastPath: boolean;
}

/** Takes the requests of the served RPCs, and the streams that need no request. */
export interface ServedRoutes {
  readonly mount: Mount;
  readonly streams: readonly StreamHandler[];
}

/** Serves any services over gRPC, gRPC-Web and Connect: interceptors, limits, errors that name the field. */
export function serveRoutes(
  services: readonly ServedService[],
  options: ServingOptions & { readonly refuse: RefuseRpc },
): ServedRoutes {
  const operationOf = operationsOf(services);
  const interceptors = interceptorsOf({ ...options, operationOf });
  const router = createConnectRouter(routerOptions(options, interceptors));
  for (const { service, implementation, options: own } of services) router.service(service, implementation, own);
  const library = nodeAdapter({ ...options, operationOf, router });
  if (!options.fastPath) return { mount: library, streams: [] };
  const fastPath = { ...options, operationOf, methods: rpcMethods(services), interceptors };
  return { mount: connectFastPath({ ...fastPath, next: library }), streams: [grpcFastPath(fastPath)] };
}

/** What every request passes, the first one first. */
export function interceptorsOf(options: CheckOptions): Interceptor[] {
  return [errorInterceptor(options), deadlineInterceptor(options), authorizeInterceptor(options)];
}

function routerOptions(options: ServingOptions, interceptors: Interceptor[]): ConnectRouterOptions {
  return {
    interceptors,
    // Errors from before the interceptors pass the context's signal on their way out, which this gate can watch.
    requestGate: ({ signal, values, method }) => {
      const explain = () => {
        const error: unknown = signal.reason;
        if (error instanceof ConnectError) explainJsonError(error, { values, input: method.input });
        addMissingDetails(error, { begun: hasBegun(values) });
      };
      signal.addEventListener("abort", explain, { once: true });
    },
    readMaxBytes: options.maxRequestBytes,
    writeMaxBytes: options.maxResponseBytes,
    jsonOptions: requestJson,
    binaryOptions: requestBinary,
    // Callers are near; packing costs more than it saves.
    acceptCompression: [],
  };
}
