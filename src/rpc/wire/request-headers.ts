import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { callerHeader, callerOn, markCaller } from "./caller-header.ts";
import { clampedTimeout, clampTimeout } from "./timeout-header.ts";

/** A request's headers as interceptors and handlers see them. */
export function requestHeaders(incoming: IncomingHttpHeaders, socket: Socket | undefined): Headers {
  return new RequestHeaders(incoming, socket);
}

/**
 * Most are asked for a few values, one at a time: those come from Node's headers as they are. Only for whoever wants
 * anything else they are checked and sorted, which costs many times more.
 */
class RequestHeaders implements Headers {
  readonly #incoming: IncomingHttpHeaders;
  readonly #socket: Socket | undefined;
  #sorted: Headers | undefined;

  constructor(incoming: IncomingHttpHeaders, socket: Socket | undefined) {
    this.#incoming = incoming;
    this.#socket = socket;
  }

  get(name: string): string | null {
    if (this.#sorted !== undefined) return this.#sorted.get(name);
    const lowerName = name.toLowerCase();
    if (lowerName === callerHeader) return callerOn(this.#socket);
    const value = this.#incoming[lowerName];
    if (value === undefined) return null;
    const isPlain = typeof value === "string" && !lowerName.startsWith(":");
    return isPlain ? clampedTimeout(lowerName, value) : this.#headers.get(name);
  }

  has(name: string): boolean {
    return this.#headers.has(name);
  }

  set(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  append(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  delete(name: string): void {
    this.#headers.delete(name);
  }

  getSetCookie(): string[] {
    return this.#headers.getSetCookie();
  }

  forEach(visit: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#headers) visit.call(self, value, name, this);
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#headers.keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#headers.values();
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#headers.entries();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.#headers.entries();
  }

  get #headers(): Headers {
    this.#sorted ??= sorted(this.#incoming, this.#socket);
    return this.#sorted;
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
