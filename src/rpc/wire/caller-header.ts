import type { Socket } from "node:net";

export const callerHeader = "mcpm-caller";

/**
 * Notes whose request it is, whatever the caller says: the connection it came on, for as long as there is no
 * authentication. A header is what all protocols hand on to a handler.
 */
export function markCaller(headers: Headers, socket: Socket | undefined): void {
  headers.set(callerHeader, callerOn(socket));
}

/** Whose requests come on this connection. */
export function callerOn(socket: Socket | undefined): string {
  return `${socket?.remoteAddress}:${socket?.remotePort}`;
}

export function callerOf(headers: Headers): string {
  return headers.get(callerHeader) ?? "";
}
