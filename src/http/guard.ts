import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../loopback.ts";
import { hostNotAllowed, originNotAllowed, type Refusal } from "./refusals.ts";

export interface GuardOptions {
  /** Host names besides loopback ones that requests may be addressed to, lower case, without port. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call, e.g. `https://console.example`. */
  readonly corsOrigins: readonly string[];
}

/**
 * Protects a loopback service against web pages: a page whose name was rebound to 127.0.0.1 carries its own Host, and a
 * cross-site request, even one that needs no CORS preflight, carries its Origin.
 */
export function refusalOf(headers: IncomingHttpHeaders, options: GuardOptions): Refusal | undefined {
  const host = hostName(headers[":authority"]?.toString() ?? headers.host ?? "");
  if (host === undefined || !(isLoopback(host) || options.allowedHosts.includes(host))) return hostNotAllowed;
  const { origin } = headers;
  return origin === undefined || options.corsOrigins.includes(origin) ? undefined : originNotAllowed;
}

/** The names in the last Host values: a client sends the same one with every request. */
const known = new Map<string, string | undefined>();
const maxKnown = 32;
/** No name is longer, with its port. */
const maxKnownChars = 260;

/** The name in `name`, `name:port`, `[v6]` or `[v6]:port`, lower case. Undefined for anything else. */
export function hostName(host: string): string | undefined {
  const before = known.get(host);
  if (before !== undefined || known.has(host)) return before;
  const name = readHostName(host);
  if (known.size === maxKnown) known.clear();
  if (host.length <= maxKnownChars) known.set(host, name);
  return name;
}

function readHostName(host: string): string | undefined {
  const [, name] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/.exec(host) ?? [];
  // A port beyond 65535 or an address like 127.999.1.1 names nobody, and the RPC library can't make a URL of it.
  return URL.canParse(`http://${host}`) ? name?.toLowerCase() : undefined;
}
