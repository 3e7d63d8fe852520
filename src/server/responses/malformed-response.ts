import http from "node:http";
import type { Duplex } from "node:stream";
import { responseGuards } from "./guarded-response.ts";

/** A request over HTTP/1.1 that Node refuses before there is one to handle. */
export interface MalformedRequest {
  /** HTTP's status for it: 400, 405, 408, 413 or 431. */
  readonly status: number;
  /** What the parser says. */
  readonly problem: string;
  /** Its request target, when the first line could be read. */
  readonly target: string;
}

/** How long the rest of such a request is read. If the connection were closed at once, the response would be lost. */
const lingerMs = 1000;

/**
 * Responds to what Node's HTTP/1.1 parser refuses with a body of `bodyOf`, which is JSON; Node's own response has none.
 */
export function respondToMalformed(server: http.Server, bodyOf: (malformed: MalformedRequest) => string): void {
  const refused = new WeakSet<Duplex>();
  const responses = new WeakMap<Duplex, http.ServerResponse>();
  server.on("request", ({ socket }, response) => responses.set(socket, response));
  server.on("clientError", (error: Error & { code?: string; rawPacket?: Buffer; reason?: string }, socket) => {
    // The rest of what was refused is malformed, too.
    if (refused.has(socket)) return;
    refused.add(socket);
    const response = responses.get(socket);
    const isResponding = response?.headersSent && !response.writableFinished;
    if (!socket.writable || isResponding || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const status = statuses[error.code ?? ""] ?? 400;
    const [, target = ""] = /^[A-Z]+ (\S+) HTTP\//.exec(error.rawPacket?.toString("latin1") ?? "") ?? [];
    endWith(responseText(status, bodyOf({ status, target, problem: error.reason ?? error.message })), socket);
  });
  // Node would close the connection without a word.
  server.on("connect", ({ url = "" }, socket) => {
    refused.add(socket);
    socket.on("error", () => socket.destroy());
    const problem = "CONNECT asks for a tunnel, and this is not a proxy";
    endWith(responseText(405, bodyOf({ status: 405, target: url, problem })), socket);
  });
}

function endWith(text: string, socket: Duplex): void {
  socket.resume();
  socket.end(text);
  const linger = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(linger));
}

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function responseText(status: number, body: string): string {
  const lines = [
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    ...Object.entries(responseGuards).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
