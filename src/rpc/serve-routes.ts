import {
  ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
  type Interceptor,
} from "@connectrpc/connect";
import { FarDeadlines } from "../fleet/call-wait.ts";
import { requestBinary } from "./binary/request-fields.ts";
import { hasBegun } from "./call/call-begun.ts";
import { type DeadlineOptions, deadlineInterceptor } from "./call/deadline-interceptor.ts";
import { type ErrorOptions, errorInterceptor } from "./call/error-interceptor.ts";
import { rpcMethods } from "./call/rpc-methods.ts";
import { addMissingDetails } from "./errors/connect-error.ts";
import { requestJson } from "./json/json-problem.ts";
import { explainJsonError } from "./json/request-body.ts";
import { leanConnect } from "./lean/lean-connect.ts";
import { leanGrpc } from "./lean/lean-grpc.ts";
import { nodeAdapter, type RefuseRpc } from "./node-adapter.ts";
import type { NodeHandler } from "./wire/node-handler.ts";
import type { StreamHandler } from "./wire/stream-handler.ts";
import type { UnreadAnswers } from "./wire/unread-answers.ts";

/** What holds for every RPC, whichever services there are. */
export interface ServingOptions extends DeadlineOptions, ErrorOptions {
  readonly maxRequestBytes: number;
  readonly maxAnswerBytes: number;
  readonly unread: UnreadAnswers;
  /** Names of the RPCs that callers may leave unread for as long as there is room. */
  readonly mayStayUnread: ReadonlySet<string>;
  /** Whether unary gRPC and unary Connect with JSON take the lean path; otherwise the RPC library answers everything. */
  readonly lean: boolean;
}

/** Takes requests, and before them the streams that need none. */
export interface Served {
  readonly handler: NodeHandler;
  readonly streams?: StreamHandler;
}

/** Serves any services over gRPC, gRPC-Web and Connect: interceptors, limits, errors that name the field. */
export function serveRoutes(
  routes: (router: ConnectRouter) => void,
  options: ServingOptions & {
    /** Answers requests for other paths. */
    readonly fallback: NodeHandler;
    readonly refuse: RefuseRpc;
  },
): Served {
  const router = createConnectRouter(routerOptions(options));
  const methods = rpcMethods(routes, router);
  const library = nodeAdapter({ ...options, router });
  if (!options.lean) return { handler: library };
  const lean = { ...options, methods, interceptors: interceptorsOf(options), farDeadlines: new FarDeadlines() };
  return { handler: leanConnect({ ...lean, next: library }), streams: leanGrpc(lean) };
}

export function interceptorsOf(options: ServingOptions): Interceptor[] {
  return [errorInterceptor(options), deadlineInterceptor(options)];
}

function routerOptions(options: ServingOptions): ConnectRouterOptions {
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
    readMaxBytes: options.maxRequestBytes,
    writeMaxBytes: options.maxAnswerBytes,
    jsonOptions: requestJson,
    binaryOptions: requestBinary,
    // Callers are near; packing costs more than it saves.
    acceptCompression: [],
  };
}
