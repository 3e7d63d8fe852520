import http from "node:http";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type net from "node:net";
import type { Readable } from "node:stream";
import { readOn, stopReading } from "../connections/reading.ts";

/** Most pieces in one turn: more than the largest body has in pieces of the usual size. */
const maxPerTurn = 2_000;

const pieces = Symbol("pieces");

/** The object that stands for a connection: its socket, or its session, which hides the socket behind a proxy. */
type Counting = (net.Socket | ServerHttp2Session) & {
  /** Those that came since the connection was last read on. */
  [pieces]?: number;
};

/**
 * Counts the pieces of bodies that come on one connection: each piece costs the same, even one of a byte. After too
 * many, the connection is read on in the next turn of the event loop. Not for the first piece of a body, which is
 * usually the only one: `request-turns.ts` limits those.
 */
export function countPiece(body: Readable): void {
  const connection = countingOf(body);
  if (connection === undefined) return;
  const count = (connection[pieces] ?? 0) + 1;
  connection[pieces] = count;
  if (count !== maxPerTurn) return;
  const socket = "socket" in connection ? (connection.socket as net.Socket) : connection;
  stopReading(socket);
  setImmediate(() => {
    connection[pieces] = 0;
    readOn(socket);
  });
}

/** Undefined of one that is closed. */
function countingOf(body: Readable): Counting | undefined {
  if (body instanceof http.IncomingMessage) return body.socket;
  const stream = "stream" in body ? (body.stream as ServerHttp2Stream) : (body as ServerHttp2Stream);
  return stream.session as ServerHttp2Session | undefined;
}
