import type { IncomingHttpHeaders } from "node:http";
import { cors } from "@connectrpc/connect";

/** Headers that let a page of an allowed origin (`guard.ts` has refused all others) read the response. */
export function corsHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": cors.exposedHeaders.join(", "),
    vary: "Origin",
  };
}

/** By which a page may say which trace its calls belong to. */
const traceHeaders = ["traceparent", "tracestate", "baggage"];

/** The response to a preflight of an allowed origin. */
export function preflightHeaders(): Record<string, string> {
  return {
    "access-control-allow-methods": cors.allowedMethods.join(", "),
    "access-control-allow-headers": [...cors.allowedHeaders, ...traceHeaders].join(", "),
    "access-control-max-age": "7200",
  };
}
