import type { NodeHandler, NodeRequest, NodeResponse } from "../rpc/node-handler.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { type GuardOptions, refusalOf } from "./guard.ts";

/** Stands in front of every request, whatever its protocol: Host, Origin, CORS. */
export function guarded(handler: NodeHandler, options: GuardOptions): NodeHandler {
  return (request, response) => {
    const refusal = refusalOf(request.headers, options);
    if (refusal !== undefined) {
      answerText(response, { status: refusal.status, message: refusal.message });
      return;
    }
    setHeaders(response, corsHeaders(request.headers));
    if (request.method === "OPTIONS" && request.headers.origin !== undefined) {
      setHeaders(response, preflightHeaders());
      response.statusCode = 204;
      response.end();
      return;
    }
    handler(request, response);
  };
}

/** Answers what no route knows. */
export function notFound(request: NodeRequest, response: NodeResponse): void {
  answerText(response, { status: 404, message: `no such path: ${request.url?.split("?")[0] ?? ""}` });
}

function setHeaders(response: NodeResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function answerText(response: NodeResponse, { status, message }: { status: number; message: string }): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(`${message}\n`);
}
