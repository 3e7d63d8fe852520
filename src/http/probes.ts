import type { Mount, NodeRequest, NodeResponse } from "../server/handlers/node-handler.ts";
import { endEarly } from "./end-early.ts";
import { wrongMethod } from "./refusals.ts";
import { refuse } from "./refuse.ts";

export interface ProbeOptions {
  /** Resolves when the manager can serve; rejects, or takes longer than a probe waits, when it can't. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
}

const readyMs = 2000;

/**
 * `GET /health`: the process lives. `GET /ready`: the engine answers, and the servers that were found are taken over.
 */
export function probeHandler(options: ProbeOptions): Mount {
  /** One check for all who ask at the same time: each check is a request to the engine. */
  let asking: Promise<ProbeResponse> | undefined;
  const ask = () => {
    asking ??= readiness(options).finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return (request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    if (path !== "/health" && path !== "/ready") return false;
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      refuse(wrongMethod(path, ["GET", "HEAD"]), { request, response });
    } else if (path === "/health") {
      write(ok, { request, response });
    } else {
      ask().then((probed) => write(probed, { request, response }));
    }
    return true;
  };
}

interface ProbeResponse {
  readonly status: number;
  readonly body: object;
}

const ok: ProbeResponse = { status: 200, body: { status: "ok" } };

async function readiness({ ready }: ProbeOptions): Promise<ProbeResponse> {
  try {
    await ready(AbortSignal.timeout(readyMs));
    return ok;
  } catch (error) {
    return { status: 503, body: { status: "unavailable", message: (error as Error).message } };
  }
}

function write(probed: ProbeResponse, exchange: { request: NodeRequest; response: NodeResponse }): void {
  const { response } = exchange;
  response.statusCode = probed.status;
  response.setHeader("content-type", "application/json");
  endEarly(exchange, `${JSON.stringify(probed.body)}\n`);
}
