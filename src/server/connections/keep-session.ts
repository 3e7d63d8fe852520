import type http2 from "node:http2";
import type net from "node:net";
import type { ClientConnection } from "./connections.ts";

export interface KeepOptions {
  /** The client must have sent its SETTINGS by then. */
  readonly firstBytesMs: number;
  /** Pause between pings; a ping must be answered before the next. */
  readonly pingMs: number;
  /** So many pings without a stream in between, and the session is idle. */
  readonly idlePings: number;
  /** The requests on it. */
  readonly connection: Pick<ClientConnection, "streams" | "usedAtMs">;
}

/** How often a session is checked for bytes that make no request. */
const unseenCheckMs = 200;
/** More than a client sends between its requests: pings, and the rest of bodies whose requests were answered early. */
const maxUnseenBytes = 256 * 1024;

/**
 * Closes a connection that keeps HTTP/2 busy without a request: a header list beyond Node's limits makes no stream, and
 * costs more than one. Only bytes that come while no stream is open count: between two checks the rest of a large body
 * may come, and its call may end.
 */
function closeWhenUnseen(socket: net.Socket, connection: KeepOptions["connection"]): void {
  let { bytesRead } = socket;
  let { usedAtMs } = connection;
  let wasUsed = true;
  const check = setInterval(() => {
    const isUsed = connection.streams.size > 0;
    const wasAsked = connection.usedAtMs !== usedAtMs;
    const isSeen = wasUsed || isUsed || wasAsked;
    if (!isSeen && socket.bytesRead - bytesRead > maxUnseenBytes) socket.destroy();
    ({ bytesRead } = socket);
    ({ usedAtMs } = connection);
    wasUsed = isUsed;
  }, unseenCheckMs).unref();
  socket.once("close", () => clearInterval(check));
}

/** Closes an HTTP/2 connection that never begins, whose other end is gone, or that nobody uses. */
export function keepSession(session: http2.ServerHttp2Session, socket: net.Socket, options: KeepOptions): void {
  const destroy = () => socket.destroy();
  const begins = setTimeout(destroy, options.firstBytesMs);
  session.once("remoteSettings", () => clearTimeout(begins));
  const { connection } = options;
  closeWhenUnseen(socket, connection);
  let { usedAtMs } = connection;
  let idlePings = 0;
  let pingReturned = true;
  const pings = setInterval(() => {
    if (!pingReturned || session.closed || session.destroyed) {
      // Also a connection that was told to go, and stays.
      if (!pingReturned || connection.streams.size === 0) destroy();
      return;
    }
    if (connection.usedAtMs !== usedAtMs) idlePings = 0;
    usedAtMs = connection.usedAtMs;
    if (connection.streams.size === 0 && idlePings >= options.idlePings) {
      session.close();
      return;
    }
    idlePings += 1;
    pingReturned = false;
    session.ping(() => {
      pingReturned = true;
    });
  }, options.pingMs);
  socket.once("close", () => {
    clearTimeout(begins);
    clearInterval(pings);
  });
}
