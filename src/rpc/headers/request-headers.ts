import type { IncomingHttpHeaders } from "node:http";
import { LazyHeaders } from "./lazy-headers.ts";
import { clampedTimeout, clampTimeout } from "./timeout-header.ts";

/** A request's headers as interceptors and handlers see them. */
export function requestHeaders(incoming: IncomingHttpHeaders): Headers {
  return new RequestHeaders(incoming);
}

/** Most code asks for a few values, one at a time: those come from Node's headers as they are. */
class RequestHeaders extends LazyHeaders {
  readonly #incoming: IncomingHttpHeaders;

  constructor(incoming: IncomingHttpHeaders) {
    super();
    this.#incoming = incoming;
  }

  protected make(): Headers {
    return sorted(this.#incoming);
  }

  override get(name: string): string | null {
    if (this.made !== undefined) return this.made.get(name);
    const lowerName = name.toLowerCase();
    const value = this.#incoming[lowerName];
    if (value === undefined) return null;
    const isPlain = typeof value === "string" && !lowerName.startsWith(":");
    return isPlain ? clampedTimeout(lowerName, value) : super.get(name);
  }
}

function sorted(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const name of Object.keys(incoming)) {
    const value = incoming[name];
    if (value === undefined || name.startsWith(":")) continue;
    if (Array.isArray(value)) for (const one of value) headers.append(name, one);
    else headers.set(name, value);
  }
  clampTimeout(headers);
  return headers;
}
