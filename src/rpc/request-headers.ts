import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { markCaller } from "./caller-header.ts";
import { clampTimeout } from "./timeout-header.ts";

/** A request's headers as interceptors and handlers see them. */
export function requestHeaders(incoming: IncomingHttpHeaders, socket: Socket | undefined): Headers {
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
