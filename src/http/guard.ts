import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../loopback.ts";

export interface GuardOptions {
  /** Host names besides loopback ones that requests may be addressed to, lower case, without port. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call, e.g. `https://console.example`. */
  readonly corsOrigins: readonly string[];
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 403 | 421;
  readonly message: string;
}

/**
 * Protects a loopback service against web pages: a page whose name was rebound to 127.0.0.1 carries its own Host, and a
 * cross-site request, even one that needs no CORS preflight, carries its Origin.
 */
export function refusalOf(headers: IncomingHttpHeaders, options: GuardOptions): Refusal | undefined {
  const host = hostName(headers[":authority"]?.toString() ?? headers.host ?? "");
  if (host === undefined || !(isLoopback(host) || options.allowedHosts.includes(host))) {
    return { status: 421, message: "Host is neither a loopback name nor in MCPM_ALLOWED_HOSTS" };
  }
  const { origin } = headers;
  if (origin !== undefined && !options.corsOrigins.includes(origin)) {
    return { status: 403, message: "Origin is not in MCPM_CORS_ORIGINS" };
  }
  return undefined;
}

/** The name in `name`, `name:port`, `[v6]` or `[v6]:port`, lower case. Undefined for anything else. */
export function hostName(host: string): string | undefined {
  const [, name] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/.exec(host) ?? [];
  return name?.toLowerCase();
}
