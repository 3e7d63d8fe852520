import { createConnectRouter } from "@connectrpc/connect";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";
import type { Log } from "../log.ts";
import { addMissingDetails } from "./connect-error.ts";
import { maxAnswerBytes } from "./convert/result-to-proto.ts";
import { deadlineInterceptor } from "./deadline-interceptor.ts";
import { errorInterceptor } from "./error-interceptor.ts";
import { nodeAdapter } from "./node-adapter.ts";
import type { NodeHandler } from "./node-handler.ts";
import { callsIntoServer, managerService, type ServiceOptions } from "./service.ts";

export interface RouterOptions extends ServiceOptions {
  readonly log: Log;
  /** Answers requests for other paths. */
  readonly fallback: NodeHandler;
}

/** Serves ManagerService over gRPC, gRPC-Web and Connect. */
export function rpcHandler(options: RouterOptions): NodeHandler {
  const { info, log } = options;
  const router = createConnectRouter({
    interceptors: [
      errorInterceptor(log),
      deadlineInterceptor({ maxCallTimeoutMs: info.maxCallTimeoutMs, callsIntoServer }),
    ],
    // Errors from before the interceptors pass the context's signal on their way out, which this gate can watch.
    requestGate: ({ signal }) => {
      signal.addEventListener("abort", () => addMissingDetails(signal.reason), { once: true });
    },
    readMaxBytes: info.maxRequestBytes,
    // Never reached: a call that the server has answered must not fail by the size of its answer.
    writeMaxBytes: maxAnswerBytes(info.maxLineBytes),
    // A misspelt field must not vanish.
    jsonOptions: { ignoreUnknownFields: false },
    // Callers are near; packing costs more than it saves.
    acceptCompression: [],
  });
  router.service(ManagerService, managerService(options));
  return nodeAdapter({ router, fallback: options.fallback, log });
}
