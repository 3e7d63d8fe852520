import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { callerHeader, callerOn, markCaller } from "./caller-header.ts";
import { LateHeaders } from "./late-headers.ts";
import { clampedTimeout, clampTimeout } from "./timeout-header.ts";

/** A request's headers as interceptors and handlers see them. */
export function requestHeaders(incoming: IncomingHttpHeaders, socket: Socket | undefined): Headers {
  return new RequestHeaders(incoming, socket);
}

/** Most are asked for a few values, one at a time: those come from Node's headers as they are. */
class RequestHeaders extends LateHeaders {
  readonly #incoming: IncomingHttpHeaders;
  readonly #socket: Socket | undefined;

  constructor(incoming: IncomingHttpHeaders, socket: Socket | undefined) {
    super();
    this.#incoming = incoming;
    this.#socket = socket;
  }

  protected make(): Headers {
    return sorted(this.#incoming, this.#socket);
  }

  override get(name: string): string | null {
    if (this.made !== undefined) return this.made.get(name);
    const lowerName = name.toLowerCase();
    if (lowerName === callerHeader) return callerOn(this.#socket);
    const value = this.#incoming[lowerName];
    if (value === undefined) return null;
    const isPlain = typeof value === "string" && !lowerName.startsWith(":");
    return isPlain ? clampedTimeout(lowerName, value) : super.get(name);
  }
}

function sorted(incoming: IncomingHttpHeaders, socket: Socket | undefined): Headers {
  const headers = new Headers();
  for (const name of Object.keys(incoming)) {
    const value = incoming[name];
    if (value === undefined || name.startsWith(":")) continue;
    if (Array.isArray(value)) for (const one of value) headers.append(name, one);
    else headers.set(name, value);
  }
  clampTimeout(headers);
  markCaller(headers, socket);
  return headers;
}
