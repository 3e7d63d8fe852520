import http from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type net from "node:net";
import type { Readable } from "node:stream";
import { readOn, stopReading } from "./reading.ts";

/** More than the largest body has in pieces of the usual size. */
const maxPerTurn = 2_000;

/** The pieces that came since a connection was last read on. */
interface Pieces {
  count: number;
}

const piecesOf = new WeakMap<net.Socket, Pieces>();

/**
 * Counts a piece of a request's body, of all that come on its connection: each costs the same, even one of a byte. After
 * too many the connection is read on in the next turn of the event loop. Not for the first piece of a body: most have no
 * other, and so many requests are not begun in a turn.
 */
export function countPiece(body: Readable): void {
  const socket = socketOf(body);
  if (socket === undefined) return;
  const pieces = piecesOf.get(socket) ?? { count: 0 };
  piecesOf.set(socket, pieces);
  pieces.count += 1;
  if (pieces.count !== maxPerTurn) return;
  stopReading(socket);
  setImmediate(() => {
    pieces.count = 0;
    readOn(socket);
  });
}

/** Undefined of one that is closed. */
function socketOf(body: Readable): net.Socket | undefined {
  if (body instanceof http.IncomingMessage) return body.socket;
  const stream = "stream" in body ? (body.stream as ServerHttp2Stream) : (body as ServerHttp2Stream);
  return stream.session?.socket as net.Socket | undefined;
}
