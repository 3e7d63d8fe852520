import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../base/text/loopback.ts";
import { hostNotAllowed, originNotAllowed, type Refusal, siteNotAllowed } from "./refusals.ts";

export interface GuardOptions {
  /** Host names besides loopback ones that requests may be addressed to, lower case, without port. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call, e.g. `https://console.example`. */
  readonly corsOrigins: readonly string[];
}

/** So many of the last Host values are known. */
const maxKnown = 32;
/** No name is longer, with its port. */
const maxKnownChars = 260;

/**
 * Protects a loopback service against web pages. A page whose name was rebound to 127.0.0.1 sends its own Host. A
 * cross-site request that may change something sends its Origin, even when it needs no CORS preflight. A GET by an
 * image, a link, a form or a frame has no Origin: its Sec-Fetch-Site says where it comes from, and it is refused unless
 * it comes from a program, a person or this service itself.
 */
export class Guard {
  readonly #options: GuardOptions;
  /** Whether these Host values may be asked for: a client sends the same one with every request. */
  readonly #known = new Map<string, boolean>();

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Why a request with these headers is not taken; undefined: it is. */
  refusalOf(headers: IncomingHttpHeaders): Refusal | undefined {
    if (!this.#allows(headers[":authority"]?.toString() ?? headers.host ?? "")) return hostNotAllowed;
    const { origin } = headers;
    if (origin !== undefined) return this.#options.corsOrigins.includes(origin) ? undefined : originNotAllowed;
    const site = headers["sec-fetch-site"];
    return site === undefined || site === "none" || site === "same-origin" ? undefined : siteNotAllowed;
  }

  #allows(host: string): boolean {
    const before = this.#known.get(host);
    if (before !== undefined) return before;
    const name = hostName(host);
    const allowed = name !== undefined && (isLoopback(name) || this.#options.allowedHosts.includes(name));
    if (this.#known.size === maxKnown) this.#known.clear();
    if (host.length <= maxKnownChars) this.#known.set(host, allowed);
    return allowed;
  }
}

/** The name in `name`, `name:port`, `[v6]` or `[v6]:port`, lower case. Undefined for anything else. */
export function hostName(host: string): string | undefined {
  const [, name] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/.exec(host) ?? [];
  // A port beyond 65535 or an address like 127.999.1.1 names nobody, and the RPC library can't make a URL of it.
  return URL.canParse(`http://${host}`) ? name?.toLowerCase() : undefined;
}
