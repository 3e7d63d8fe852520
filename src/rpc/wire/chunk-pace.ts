import http from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type net from "node:net";
import type { Readable } from "node:stream";
import { readOn, stopReading } from "./reading.ts";

/** More than the largest body has in pieces of the usual size. */
const maxPerTurn = 2_000;

/** The pieces that came since a connection was last read on. */
interface Pieces {
  readonly socket: net.Socket;
  count: number;
}

const piecesOf = new WeakMap<net.Socket, Pieces>();

/**
 * Counts the pieces in which requests' bodies come on a connection: each costs the same, even one of a byte. After too
 * many the connection is read on in the next turn of the event loop.
 */
export function chunkPace(body: Readable): () => void {
  let pieces: Pieces | undefined;
  let isFirst = true;
  return () => {
    // Most bodies are one piece, and so many requests are not begun in a turn.
    if (isFirst) {
      isFirst = false;
      return;
    }
    pieces ??= ofConnection(body);
    if (pieces !== undefined) count(pieces);
  };
}

function count(pieces: Pieces): void {
  pieces.count += 1;
  if (pieces.count !== maxPerTurn) return;
  stopReading(pieces.socket);
  setImmediate(() => {
    pieces.count = 0;
    readOn(pieces.socket);
  });
}

/** Undefined of one that is closed. */
function ofConnection(body: Readable): Pieces | undefined {
  const socket = socketOf(body);
  if (socket === undefined) return undefined;
  const pieces = piecesOf.get(socket) ?? { socket, count: 0 };
  piecesOf.set(socket, pieces);
  return pieces;
}

function socketOf(body: Readable): net.Socket | undefined {
  if (body instanceof http.IncomingMessage) return body.socket;
  const stream = "stream" in body ? (body.stream as ServerHttp2Stream) : (body as ServerHttp2Stream);
  return stream.session?.socket as net.Socket | undefined;
}
