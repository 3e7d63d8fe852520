import type { NodeHandler, NodeResponse } from "../rpc/wire/node-handler.ts";
import { refuse } from "./handler.ts";
import { wrongMethod } from "./refusals.ts";

export interface ProbeOptions {
  /** Resolves when the manager can serve; rejects, or takes longer than a probe waits, when it can't. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Answers requests for other paths. */
  readonly fallback: NodeHandler;
}

const readyMs = 2000;

/** `GET /health`: the process lives. `GET /ready`: the engine answers, and the servers that were found are taken over. */
export function probeHandler(options: ProbeOptions): NodeHandler {
  return (request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    if (path !== "/health" && path !== "/ready") {
      options.fallback(request, response);
    } else if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      refuse(wrongMethod(path, ["GET", "HEAD"]), { request, response });
    } else if (path === "/health") {
      write(response, { status: 200, body: { status: "ok" } });
    } else {
      options.ready(AbortSignal.timeout(readyMs)).then(
        () => write(response, { status: 200, body: { status: "ok" } }),
        (error: Error) => write(response, { status: 503, body: { status: "unavailable", message: error.message } }),
      );
    }
  };
}

function write(response: NodeResponse, answer: { status: number; body: object }): void {
  response.statusCode = answer.status;
  response.setHeader("content-type", "application/json");
  response.end(`${JSON.stringify(answer.body)}\n`);
}
