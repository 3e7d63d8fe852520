import type http2 from "node:http2";
import type { StreamHandler } from "../handlers/node-handler.ts";
import type { ClientConnection } from "./connections.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { RequestTurns } from "./request-turns.ts";

export interface StreamServing {
  readonly connection: ClientConnection;
  readonly open: OpenStreams;
  readonly turns: RequestTurns;
  readonly elapsedMs: () => number;
  /** Asked before Node's own handler, which makes a request and a response of a stream. */
  readonly streams: StreamHandler | undefined;
  /** Node's own. */
  readonly own: StreamListener;
}

export type StreamListener = (
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
) => void;

/** Has the streams of a session handled in their turn, and watched for as long as they are open. */
export function serveStreams(
  session: http2.ServerHttp2Session,
  { connection, open, turns, elapsedMs, streams, own }: StreamServing,
): void {
  // A listener on a closed stream costs microseconds, since Node keeps such streams for a while.
  function onClose(this: http2.ServerHttp2Stream) {
    this.off("close", onClose).off("error", ignoreError);
    open.delete(this, connection);
  }
  session.on("stream", (stream, headers, flags, rawHeaders: string[]) => {
    connection.usedAtMs = elapsedMs();
    connection.hasAsked = true;
    if (!open.add(stream, connection)) return;
    stream.on("close", onClose);
    // There may be no other listener, and an error without a listener would end the process.
    stream.on("error", ignoreError);
    turns.take(connection.socket, () => {
      if (stream.destroyed) return false;
      const next = () => own(stream, headers, flags, rawHeaders);
      if (streams === undefined || !streams(stream, headers, next)) next();
      return true;
    });
  });
}

function ignoreError(): void {}

/** Takes Node's own handler of streams from a server, whose sessions are then served by `serveStreams`. */
export function takeStreamListener(server: http2.Http2Server): StreamListener {
  const own = server.listeners("stream") as StreamListener[];
  server.removeAllListeners("stream");
  return (...args) => {
    for (const listener of own) listener.apply(server, args);
  };
}
